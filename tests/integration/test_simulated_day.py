"""Promise 1: a post counts once. A simulated day with duplicates, through the real job, with and without kill -9."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from seed_truth import FACETS, Truth, milliseconds, truths
from sparkstream import Views, open_store
from sparkstream.annotation import EMOTIONS, SENTIMENTS
from sparkstream.queries import Window
from sparkstream.stage import AFTER_MASTER, AFTER_SPEED, BEFORE_MASTER, INSIDE_MASTER
from sparkstream.stores import LayeredStore
from sparkstream.testing import write_spool
from sparkstream.times import DAY, HOUR, MINUTE, Span
from twitterhandler.testing import SimulatedDay, simulated_day

STEPS = {"1m": MINUTE, "1h": HOUR, "1d": DAY}
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


def whole_day(day: SimulatedDay) -> Window:
    start = milliseconds(day.posts[0].created_at) // DAY * DAY
    return Window(start, start + DAY)


def assert_counts_equal_the_seed(folder: Path, day: SimulatedDay) -> None:
    store = open_views(folder)
    views = Views(store)
    window = whole_day(day)
    assert store.master.distinct_posts() == len(day.posts)
    assert store.dead_letter_count() == 0
    assert {topic.slug: topic.posts for topic in store.topics()} == {
        topic: len(ids) for topic, ids in day.expected.items()
    }
    for topic in day.expected:
        for name, step in STEPS.items():
            expected = truths(day, step, topic)
            items = views.series(topic, window, name)["items"]  # type: ignore[arg-type]
            assert_series(items, [expected.get(start, Truth()) for start in range(window.start, window.end, step)])
            for start, truth in expected.items():
                assert_tops(store, topic, Span(step, start, start + step), truth)
        assert_summary(views, topic, window, truths(day, DAY, topic)[window.start])
    store.close()


def assert_series(items: list[dict[str, object]], expected: list[Truth]) -> None:
    found = [(item["posts"], item["authors"], item["messages"], item["sentiment"], item["emotion"]) for item in items]
    assert found == [
        (
            truth.posts,
            len(truth.authors),
            len(truth.messages),
            {label: truth.sentiment[label] for label in SENTIMENTS},
            {label: truth.emotion[label] for label in EMOTIONS},
        )
        for truth in expected
    ]


def assert_tops(store: LayeredStore, topic: str, period: Span, truth: Truth) -> None:
    """Every term of every facet with its posts by sentiment; of a closed period the 200 or 1,000 most frequent ones."""
    kept = 200 if period.step == MINUTE else 1_000
    for facet in FACETS:
        counts = truth.terms[facet]
        by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        cut = store.periods(topic, [period])[0].cut
        rated = truth.rated[facet]
        assert [
            (count.term, count.posts, count.positive, count.neutral, count.negative)
            for count in store.top(topic, [period], facet, by="posts", limit=100_000)
        ] == [
            (term, posts, rated[term, "positive"], rated[term, "neutral"], rated[term, "negative"])
            for term, posts in (by_count[:kept] if cut else by_count)
        ]


def assert_summary(views: Views, topic: str, window: Window, truth: Truth) -> None:
    summary = views.summary(topic, window)
    assert (summary["posts"], summary["authors"], summary["messages"]) == (
        truth.posts,
        len(truth.authors),
        len(truth.messages),
    )
    for name, expected in (("kinds", truth.kinds), ("languages", truth.languages)):
        assert Counter({item["label"]: item["count"] for item in summary[name]["items"]}) == expected


def test_every_count_of_every_view_is_what_the_seed_says(clean: Path, day: SimulatedDay) -> None:
    assert_counts_equal_the_seed(clean, day)


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
    assert_counts_equal_the_seed(clean, day)


def test_kill_minus_nine_at_every_named_point_changes_no_number(day: SimulatedDay, tmp_path: Path) -> None:
    write_spool(tmp_path / "spool", day.lines)
    for point, batch in KILLS:
        assert run_job(tmp_path, point, batch) == -signal.SIGKILL, f"the job was not killed {point} of batch {batch}"
    assert run_job(tmp_path) == 0
    assert_counts_equal_the_seed(tmp_path, day)


def test_a_lost_checkpoint_after_a_kill_loses_and_doubles_nothing(day: SimulatedDay, tmp_path: Path) -> None:
    write_spool(tmp_path / "spool", day.lines)
    assert run_job(tmp_path, AFTER_MASTER, 1) == -signal.SIGKILL
    os.rename(tmp_path / "checkpoint", tmp_path / "lost")
    assert run_job(tmp_path) == 0
    assert_counts_equal_the_seed(tmp_path, day)
