"""Promise 1: a post counts once. A simulated day with duplicates, through the real job, with and without kill -9."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from day_views import assert_equals_the_seed, whole_day
from seed_truth import milliseconds
from sparkstream import Views, open_store
from sparkstream.auditing import audit
from sparkstream.batch import BatchLayer
from sparkstream.queries import Window
from sparkstream.stage import AFTER_MASTER, AFTER_SPEED, BEFORE_MASTER, INSIDE_MASTER
from sparkstream.stores import LayeredStore
from sparkstream.testing import write_spool
from sparkstream.times import MINUTE
from twitterhandler.testing import SimulatedDay, simulated_day

KILLS = ((BEFORE_MASTER, 0), (INSIDE_MASTER, 1), (AFTER_MASTER, 2), (AFTER_SPEED, 3))
JOB = Path(__file__).with_name("known_job.py")


@pytest.fixture(scope="module")
def day() -> SimulatedDay:
    return simulated_day(seed=11, posts=3_000, duplicates=0.08)


@pytest.fixture(scope="module")
def clean(day: SimulatedDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day read by a job that nobody disturbed."""
    folder = tmp_path_factory.mktemp("clean")
    write_spool(folder / "spool", day.lines)
    assert run_job(folder) == 0
    return folder


def run_job(folder: Path, *kill: object) -> int:
    with (folder / "job.log").open("ab") as log:
        return subprocess.run(
            [sys.executable, JOB, folder, *map(str, kill)], stderr=log, timeout=300, check=False
        ).returncode


def open_views(folder: Path) -> LayeredStore:
    return open_store(f"sqlite:{folder / 'views.db'}")


def test_every_count_of_every_view_is_what_the_seed_says(clean: Path, day: SimulatedDay) -> None:
    assert_equals_the_seed(open_views(clean), day)


def test_a_period_of_any_length_is_put_together_exactly(clean: Path, day: SimulatedDay) -> None:
    store = open_views(clean)
    start = whole_day(day).start
    for begin, end in ((197, 1_182), (60, 120), (59, 61), (1, 1_439), (600, 601)):
        window = Window(start + begin * MINUTE, start + end * MINUTE)
        for topic, ids in day.expected.items():
            inside = [
                post
                for post in day.posts
                if post.id in ids and window.start <= milliseconds(post.created_at) < window.end
            ]
            summary = Views(store).summary(topic, window)
            assert (summary["posts"], summary["authors"]) == (len(inside), len({post.author.id for post in inside}))
    store.close()


def test_the_same_day_read_again_changes_no_number(clean: Path, day: SimulatedDay) -> None:
    with (clean / "spool" / f"{0:020d}.jsonl").open("ab") as segment:
        segment.writelines(line + b"\n" for line in day.lines)
    assert run_job(clean) == 0
    assert_equals_the_seed(open_views(clean), day)


@pytest.fixture(scope="module")
def changed_day() -> SimulatedDay:
    """With posts that are edited, once or twice, and posts that are taken back, some before their copies come."""
    return simulated_day(seed=12, posts=2_600, duplicates=0.3, edits=0.1, deletes=0.1)


def test_edits_and_deletes_are_counted_as_the_seed_says_whatever_is_killed(
    changed_day: SimulatedDay, tmp_path: Path
) -> None:
    write_spool(tmp_path / "spool", changed_day.lines)
    for point, batch in KILLS:
        assert run_job(tmp_path, point, batch) == -signal.SIGKILL, f"the job was not killed {point} of batch {batch}"
    assert run_job(tmp_path) == 0
    assert_equals_the_seed(open_views(tmp_path), changed_day)
    assert_nothing_differs(tmp_path)

    os.rename(tmp_path / "checkpoint", tmp_path / "lost")  # all of it again: what was taken back stays out
    assert run_job(tmp_path) == 0
    assert_equals_the_seed(open_views(tmp_path), changed_day)

    store = open_views(tmp_path)
    BatchLayer(store).run()
    assert all(pointer.until for pointer in store.batch.pointers().values())
    store.close()
    assert_equals_the_seed(open_views(tmp_path), changed_day)  # of both layers now
    assert_nothing_differs(tmp_path)


def assert_nothing_differs(folder: Path) -> None:
    store = open_views(folder)
    for topic in store.topics():
        assert topic.first_post is not None
        assert topic.last_post is not None
        hours = audit(store, topic.slug, topic.first_post, topic.last_post + 1)
        assert [hour for hour in hours if hour.differs] == []
    store.close()


def test_a_lost_checkpoint_after_a_kill_loses_and_doubles_nothing(day: SimulatedDay, tmp_path: Path) -> None:
    write_spool(tmp_path / "spool", day.lines)
    assert run_job(tmp_path, AFTER_MASTER, 1) == -signal.SIGKILL
    os.rename(tmp_path / "checkpoint", tmp_path / "lost")
    assert run_job(tmp_path) == 0
    assert_equals_the_seed(open_views(tmp_path), day)
