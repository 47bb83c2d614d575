"""Promise 2: nothing vanishes. Outages of the simulator go through the job to the views as unknown, never as zero."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from seed_truth import milliseconds
from sparkstream import Views, open_store
from sparkstream.queries import Window
from sparkstream.testing import write_spool
from sparkstream.times import DAY, HOUR, MINUTE, format_time
from twitterhandler.posts import Gap
from twitterhandler.testing import SimulatedDay, simulated_day

JOB = Path(__file__).with_name("known_job.py")


def run_job(folder: Path) -> None:
    subprocess.run([sys.executable, JOB, folder], stderr=subprocess.DEVNULL, timeout=300, check=True)


@dataclass(frozen=True)
class Read:
    day: SimulatedDay
    views: Views
    window: Window


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """A day with outages and broken lines, after the job."""
    folder = tmp_path_factory.mktemp("outages")
    day = simulated_day(seed=11, posts=6_000, outages=4, dirty=0.01)
    write_spool(folder / "spool", day.lines)
    run_job(folder)
    store = open_store(f"sqlite:{folder / 'views.db'}")
    start = milliseconds(day.posts[0].created_at) // DAY * DAY
    yield Read(day, Views(store), Window(start, start + DAY))
    store.close()


def unheard(gaps: list[tuple[int, int]], start: int, step: int) -> int:
    """Milliseconds of a step that lie in gaps."""
    return sum(max(0, min(end, start + step) - max(begin, start)) for begin, end in gaps)


def spans(gaps: list[Gap]) -> list[tuple[int, int]]:
    return [(milliseconds(gap.start), milliseconds(gap.end)) for gap in gaps]


def test_each_outage_is_listed_for_each_topic(read: Read) -> None:
    told = [
        {"from": format_time(begin), "to": format_time(end), "reason": "simulated outage", "filled": False}
        for begin, end in spans(list(read.day.gaps))
    ]
    assert len(told) == 4
    for topic in read.day.expected:
        assert read.views.coverage(topic, read.window)["items"] == told


@pytest.mark.parametrize(("name", "step"), [("1m", MINUTE), ("5m", 5 * MINUTE), ("1h", HOUR), ("1d", DAY)])
def test_a_step_is_unknown_where_nothing_could_be_heard_and_right_around_it(read: Read, name: str, step: int) -> None:
    gaps = spans(list(read.day.gaps))
    seen = Counter[str]()
    for topic, ids in read.day.expected.items():
        heard = Counter(milliseconds(post.created_at) // step * step for post in read.day.posts if post.id in ids)
        items = read.views.series(topic, read.window, name)["items"]  # type: ignore[arg-type]
        for item, start in zip(items, range(read.window.start, read.window.end, step), strict=True):
            missing = unheard(gaps, start, step)
            expected = "none" if missing == step else "partial" if missing else "full"
            assert (item["coverage"], item["posts"]) == (expected, heard[start])
            assert expected != "none" or item["posts"] == 0
            seen[expected] += 1
        assert sum(item["posts"] for item in items) == len(ids)
    assert seen["partial"]
    assert step > 5 * MINUTE or (seen["none"] and seen["full"])


def test_a_summary_says_how_much_of_its_period_was_heard(read: Read) -> None:
    begin, end = spans(list(read.day.gaps))[0]
    inside = Window(begin // MINUTE * MINUTE + MINUTE, end // MINUTE * MINUTE)
    around = Window(inside.start - HOUR, inside.end + HOUR)
    assert read.views.summary("world-cup", inside)["coverage"] == "none"
    assert read.views.summary("world-cup", around)["coverage"] == "partial"


def test_broken_lines_are_kept_and_no_post_is_lost_to_them(read: Read) -> None:
    store = read.views.store
    assert store.master.distinct_posts() == len(read.day.posts)
    assert store.dead_letter_count() == len(read.day.broken) > 20
    assert Counter(letter.raw for letter in store.dead_letters(1_000)) == Counter(
        line.decode(errors="replace") for line in read.day.broken
    )


def test_what_the_collector_says_of_outages_and_broken_lines_reaches_the_views(tmp_path: Path) -> None:
    command = ["run", "simulator", "--hours", "1", "--rate", "1", "--outages", "2", "--dirty", "0.02"]
    environment = {
        **os.environ,
        "TWITTERHANDLER_SINK": f"spool:{tmp_path / 'spool'}",
        "TWITTERHANDLER_TOPICS": f"sqlite:{tmp_path / 'topics.db'}",
    }
    subprocess.run([sys.executable, "-m", "twitterhandler", *command], env=environment, timeout=120, check=True)
    written = [
        json.loads(line) for path in (tmp_path / "spool").glob("*.jsonl") for line in path.read_bytes().splitlines()
    ]
    events = Counter(record["event"] for record in written)
    assert (events["gap"], events["topic"]) == (2, 6)
    assert events["dead"] > 10
    run_job(tmp_path)
    store = open_store(f"sqlite:{tmp_path / 'views.db'}")
    ids = {record["id"] for record in written if record["event"] == "post"}
    assert (store.master.distinct_posts(), store.dead_letter_count()) == (len(ids), events["dead"])
    gaps = [(record["from"], record["to"]) for record in written if record["event"] == "gap"]
    for topic in store.topics():
        assert [(format_time(gap.start), format_time(gap.end)) for gap in store.gaps(topic.slug, 0, 1 << 50)] == gaps
    store.close()
