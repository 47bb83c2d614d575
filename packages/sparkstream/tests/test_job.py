"""The job on a real Spark: one JVM for the whole module."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import truth
from factories import NOON, encode, gap, lines, record, some_day, topic_event
from sparkstream.annotation import annotate
from sparkstream.errors import CheckpointError, SparkstreamError, StoreError
from sparkstream.job import JobOptions, StreamJob
from sparkstream.schema import Post, parse
from sparkstream.stage import POINTS
from sparkstream.stores import open_store
from sparkstream.testing import KnownAnnotator, write_spool
from sparkstream.times import DAY, MINUTE

pytestmark = pytest.mark.spark

DEADLINE = 60


class Place:
    """A spool, a store and a checkpoint of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.spool = folder / "spool"
        self.url = f"sqlite:{folder / 'views.db'}"
        self.checkpoint = folder / "checkpoint"

    def job(self, **options):
        return StreamJob(
            queue=f"spool:{self.spool}",
            store=self.url,
            checkpoint=self.checkpoint,
            annotator=KnownAnnotator,
            options=JobOptions(**{"max_lines": 100, **options}),
        )

    def run(self, **options):
        """Read what is in the spool now."""
        with self.job(**options) as job:
            job.start(once=True)
            deadline = time.monotonic() + DEADLINE
            while not job.wait(0.5):
                assert time.monotonic() < deadline

    def write(self, values, **options):
        write_spool(self.spool, [value if isinstance(value, bytes) else encode(value) for value in values], **options)

    def append(self, values):
        with max(self.spool.glob("*.jsonl")).open("ab") as file:
            file.writelines(encode(value) + b"\n" for value in values)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def sent(values):
    """(topic, post) of every distinct post, as the master set has to hold it."""
    read = {}
    for line in lines(values):
        post = parse(line.value, place=line.place, now=NOON)
        if isinstance(post, Post):
            read.setdefault(post.id, post)
    return [
        (topic, post) for post in annotate(list(read.values()), KnownAnnotator()) for topic in post.record["topics"]
    ]


def assert_store_is(place, values, *, dead=0):
    store, wanted = open_store(place.url), sent(values)
    try:
        for topic in {topic for topic, _ in wanted}:
            held = sorted(
                (found.post for found in store.master.scan(topic, 0, NOON + 9 * DAY)), key=lambda post: post.id
            )
            assert held == sorted((post for about, post in wanted if about == topic), key=lambda post: post.id)
        truth.assert_views_equal_posts(store, wanted)
        assert store.dead_letter_count() == dead
        assert store.speed.dirty(1) == store.master.marks(1) == []
    finally:
        store.close()


def a_bad_day():
    """Posts with duplicates near and far, dead lines, events, and lines that try to break something."""
    values = some_day(posts=130)
    duplicates = values[::9] + values[3:40] + values[-5:]
    strange = [
        record("x:nul", text="a\0b", hashtags=["\0"]),
        record("x:tags", hashtags=[f"tag{number}" for number in range(3_000)]),
        record("x:long", text="long " * 100_000),
        record("x:early", created_at="1970-01-01T00:00:00Z"),
    ]
    dead = [
        b"torn {",
        b'"\\ud800"',
        b"\xff\xfe",
        encode(record("x:huge", text="x" * (2 << 20))),
        encode(record("x:99", schema=99)),
        encode(record("x:late", created_at="9999-12-31T23:59:59-12:00")),
        encode(record("x:deep")).replace(b'"Ada"', b"[" * 200 + b"]" * 200),
    ]
    events = [topic_event("tea"), topic_event("milk", query=None), gap(NOON, NOON + MINUTE)]
    return [*events, *values, *dead, *strange, *duplicates], len(dead)


def test_a_spool_is_counted_exactly_and_once(place):
    values, dead = a_bad_day()
    place.write(values, segment_bytes=20_000)
    place.run()
    assert_store_is(place, values, dead=dead)

    place.append([*some_day(posts=130)[:50], record("x:new", NOON + DAY)])  # what comes again is known
    place.run()
    assert_store_is(place, [*values, record("x:new", NOON + DAY)], dead=dead)

    shutil.rmtree(place.checkpoint)  # all of it again, by a job that knows of nothing
    place.run(max_lines=1_000, partitions=3)
    assert_store_is(place, [*values, record("x:new", NOON + DAY)], dead=dead)

    status_and_events(place)


def status_and_events(place):
    store = open_store(place.url)
    status = store.status()
    assert status.models == KnownAnnotator().versions
    assert [topic.slug for topic in store.topics()] == ["coffee", "milk", "tea"]
    assert len(store.gaps("tea", NOON, NOON + 1)) == 1
    mark = json.loads((place.spool / "consumed.json").read_text())["position"]
    assert 0 < mark <= sum(path.stat().st_size for path in place.spool.glob("*.jsonl"))
    store.close()


def test_a_spool_that_was_replaced_ends_the_job_with_a_line_that_says_so(place):
    place.write([record()])
    place.run()
    shutil.rmtree(place.spool)
    place.write([record("x:2")])
    with pytest.raises(SparkstreamError) as caught:
        place.run()
    assert "is not the spool that the checkpoint was made on; start the job with a new checkpoint" in str(caught.value)
    assert str(place.spool) in str(caught.value)
    assert "\n" not in str(caught.value)

    shutil.rmtree(place.checkpoint)
    place.run()
    assert_store_is(place, [record(), record("x:2")])


def test_dead_letters_of_a_replaced_spool_are_kept_beside_the_old(place):
    for line in (b"torn", b"broken"):
        shutil.rmtree(place.spool, ignore_errors=True)
        shutil.rmtree(place.checkpoint, ignore_errors=True)
        place.write([line])
        place.run()
    store = open_store(place.url)
    assert {letter.raw for letter in store.dead_letters(9)} == {"torn", "broken"}
    store.close()


def test_a_store_that_has_not_seen_what_the_checkpoint_has_is_refused(place):
    """What was read into a store that was deleted would be missing from the next one, silently."""
    place.write([record()])
    place.run()
    for path in place.folder.glob("views.db*"):
        path.unlink()
    place.append([record("x:2")])
    with pytest.raises(SparkstreamError, match="has not seen what came before batch 1 of this checkpoint"):
        place.run()
    shutil.rmtree(place.checkpoint)
    place.run()
    assert_store_is(place, [record(), record("x:2")])


def test_a_checkpoint_has_one_job(place):
    place.write([record()])
    with place.job() as first:
        first.start()
        with pytest.raises(CheckpointError, match="another job runs on the checkpoint"):
            place.job().start()
        code = (
            "from sparkstream import StreamJob;"
            f"StreamJob(queue='spool:{place.spool}', store='{place.url}', checkpoint='{place.checkpoint}').start()"
        )
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "another job runs on the checkpoint" in other.stderr
        until(lambda: first.store.master.distinct_posts() == 1)


def test_a_running_job_hears_what_is_written_and_says_that_it_lives(place):
    with place.job(trigger=0.1, clock=lambda: NOON + 2_000) as job:
        job.start()  # before there is a spool
        assert not job.wait(0.2)
        place.write([record("x:1")])
        until(lambda: job.store.master.distinct_posts() == 1)
        place.append([record("x:2")])
        until(lambda: sum(topic.posts for topic in job.store.topics()) == 2)
        job.heartbeat()
        status = job.store.status()
        assert (status.updated_at, status.lag) == (NOON + 2_000, 1_100)
        assert status.rate > 0
    assert_store_is(place, [record("x:1"), record("x:2")])


def test_a_batch_passes_the_named_points_in_their_order(place, tmp_path):
    file = tmp_path / "points"

    def note(point, stamp):  # in whatever process
        with file.open("a") as lines:
            lines.write(f"{stamp.batch} {point}\n")

    place.write([record("x:1"), record("x:2")])
    place.run(probe=note, partitions=1)
    assert file.read_text().splitlines() == [f"0 {point}" for point in POINTS]


def test_a_store_that_fails_ends_the_job_with_its_line(place):
    place.write([record()])

    def lose_the_store(point, stamp):
        raise StoreError("the disk of views.db is full; make room, nothing that was read is lost")

    with pytest.raises(SparkstreamError) as caught:
        place.run(probe=lose_the_store)
    assert "the disk of views.db is full; make room" in str(caught.value)
    assert "\n" not in str(caught.value)
    place.run()
    assert_store_is(place, [record()])


def until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline


@contextmanager
def held(place):
    """As a backup, or somebody with a database tool, may hold it."""
    other = sqlite3.connect(place.folder / "views.db", isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.close()


def test_a_store_that_is_held_in_a_quiet_time_does_not_end_the_job(place, caplog):
    """The master set's: the word that the job lives goes to another one."""
    speed, options = f"sqlite:{place.folder / 'speed.db'}", JobOptions(trigger=0.1)
    job = StreamJob(
        queue=f"spool:{place.spool}", store=place.url, speed=speed, checkpoint=place.checkpoint, options=options
    )
    with job:
        job.start()
        job.store.master.mark([("tea", NOON)])
        with held(place):
            job.heartbeat()
        [said] = [line for line in caplog.messages if "quiet times" in line]
        assert "views.db is held by another process; end it or wait; the job goes on and does later" in said
        job.heartbeat()
        assert job.store.master.marks(1) == []


def test_a_store_that_another_process_holds_is_waited_for(place, caplog):
    def said():
        return [record.getMessage() for record in caplog.records if record.name == "sparkstream.job"]

    def waits():
        assert not job.wait(0.1)
        return [line for line in said() if "the job waits and tries again" in line]

    place.write([record("x:1")])
    with place.job(trigger=0.1) as job:
        job.start()
        until(lambda: not job.wait(0.1) and job.store.speed.applied() == {job.run: 0})
        with held(place):
            place.append([record("x:2")])
            until(lambda: len(waits()) == 2)
            job.heartbeat()  # fails, and says nothing more in a pause
        until(lambda: not job.wait(0.1) and job.store.speed.applied() == {job.run: 1})
        with held(place):
            job.heartbeat()
    assert_store_is(place, [record("x:1"), record("x:2")])
    wait = "views.db is held by another process; end it or wait; the job waits and tries again in "
    assert [line.partition("views.db")[1] + line.partition("views.db")[2] for line in said() if "held" in line] == [
        f"{wait}1 s",
        f"{wait}2 s",
        "views.db is held by another process; end it or wait; the job goes on and says later that it lives",
    ]
    assert not any("\n" in line for line in said())
