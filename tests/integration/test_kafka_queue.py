"""The job's queue on a real broker: Spark's connector, offsets in the checkpoint, what is said when it cannot read."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import kafka_topics
import orjson
import pytest
from pyspark.sql import SparkSession
from queues.contract import QueueContract, posts
from servers import Kafka
from sparkstream.errors import CheckpointError, ForeignQueueError
from sparkstream.job import JobOptions, StreamJob
from sparkstream.kafka_place import KafkaAccess
from sparkstream.queues import open_queue
from sparkstream.stores import open_store
from sparkstream.testing import write_spool


class Topic:
    prefix = "kafka:posts_"

    def __init__(self, server: Kafka, url: str, jars: str, folder: Path) -> None:
        self.server = server
        self.url = url
        self.other_url = f"spool:{folder / 'spool'}"
        self.options = {"jars": Path(jars)}
        self.folder = folder
        self._is_made = False

    def write(self, lines: Iterable[bytes]) -> None:
        if not self._is_made:
            kafka_topics.make(self.url, partitions=3, settings={"max.message.bytes": str(4 << 20)})
            self._is_made = True
        kafka_topics.write(self.url, ((line[:20], line) for line in lines))

    def is_told_missing(self, messages: Sequence[str]) -> bool:
        return any("has no topic" in message and "the collector makes it" in message for message in messages)

    def job(self, **options: object) -> StreamJob:
        return StreamJob(
            queue=self.url,
            store=self.store,
            checkpoint=self.folder / "checkpoint",
            options=JobOptions(**{**self.options, **options}),  # type: ignore[arg-type]
        )

    def run(self, **options: object) -> None:
        with self.job(**options) as job:
            job.start(once=True)
            deadline = time.monotonic() + 90
            while not job.wait(0.2):
                assert time.monotonic() < deadline

    @property
    def store(self) -> str:
        return f"sqlite:{self.folder / 'views.db'}"

    def counts(self) -> tuple[int, int]:
        store = open_store(self.store)
        try:
            return store.master.distinct_posts(), store.dead_letter_count()
        finally:
            store.close()


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[None]:
    """The session of this module ends with it: its JVM has jars that others need not have."""
    yield
    if (session := SparkSession.getActiveSession()) is not None:
        session.stop()


def until(condition: Callable[[], bool], job: StreamJob) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert not job.wait(0.2)
        assert time.monotonic() < deadline


@pytest.fixture
def topic(kafka_server: Kafka, kafka_url: str, spark_jars: str, tmp_path: Path) -> Topic:
    return Topic(kafka_server, kafka_url, spark_jars, tmp_path)


class TestKafka(QueueContract):
    @pytest.fixture
    def place(self, topic: Topic) -> Topic:
        return topic


def test_records_without_a_value_a_key_or_any_sense_become_dead_letters_with_their_places(topic: Topic) -> None:
    topic.write(posts(0, 20))
    good = posts(20, 23)
    kafka_topics.write(
        topic.url, [(b"x:1", None), (None, b"{torn"), (b"\xff\xfe", good[0]), (None, good[1]), (b"", good[2])]
    )
    topic.run()
    assert topic.counts() == (23, 2)
    store = open_store(topic.store)
    letters = store.dead_letters(10)
    store.close()
    name = topic.url.rpartition("/")[2]
    bad = {
        f"kafka:{name}:{one.partition}:{one.offset}"
        for one in kafka_topics.read(topic.url)
        if one.value in (None, b"{torn")
    }
    assert {letter.id for letter in letters} == bad
    assert all(letter.reason for letter in letters)


def test_copies_with_and_without_a_key_are_one_post(topic: Topic) -> None:
    topic.write(posts(0, 50))
    for key in (None, b"other"):
        kafka_topics.write(topic.url, ((key, line) for line in posts(0, 50)))
    topic.run(max_lines=1_000)
    store = open_store(topic.store)
    known = store.topic("tea")
    store.close()
    assert known is not None
    assert known.posts == 50


def test_whatever_compression_the_collector_uses_is_read(topic: Topic) -> None:
    topic.write(posts(0, 10))
    for number, compression in enumerate(("gzip", "snappy", "lz4", "zstd"), start=1):
        lines = posts(10 * number, 10 * number + 10)
        kafka_topics.write(topic.url, ((None, line) for line in lines), compression_type=compression)
    topic.run()
    assert topic.counts() == (50, 0)


class TestWhatIsLost:
    def test_lines_that_expired_unread_end_the_job_with_what_to_do(self, topic: Topic) -> None:
        kafka_topics.make(
            topic.url, settings={"retention.ms": "1000", "segment.ms": "1000", "file.delete.delay.ms": "0"}
        )
        topic._is_made = True
        topic.write(posts(0, 10))
        topic.run()
        topic.write(posts(10, 20))
        deadline = time.monotonic() + 60
        number = 20
        while orjson.loads(kafka_topics.read(topic.url)[0].value)["id"] in {f"x:{one}" for one in range(20)}:
            topic.write(posts(number, number + 1))  # a segment closes when another line comes
            number += 1
            assert time.monotonic() < deadline
            time.sleep(0.5)
        with pytest.raises(
            ForeignQueueError, match=r"no longer has what comes next .* start the job with a new checkpoint"
        ):
            topic.run()

    def test_a_topic_that_was_made_anew_is_not_that_of_the_checkpoint(self, topic: Topic) -> None:
        topic.write(posts(0, 50))
        topic.run()
        kafka_topics.delete(topic.url)
        deadline = time.monotonic() + 30
        topic._is_made = False
        while not topic._is_made:
            try:
                topic.write(posts(50, 60))
            except AssertionError:  # it takes a moment to go
                assert time.monotonic() < deadline
        with pytest.raises(ForeignQueueError, match="start the job with a new checkpoint"):
            topic.run()


class TestAnOutage:
    def test_a_broker_that_is_killed_is_waited_for_and_nothing_is_lost_or_read_twice(
        self, topic: Topic, caplog: pytest.LogCaptureFixture
    ) -> None:
        topic.write(posts(0, 100))
        with topic.job() as job:
            job.start()
            until(lambda: topic.counts() == (100, 0), job)
            topic.server.kill()
            caplog.set_level(logging.WARNING)
            until(lambda: any("does not answer; start it" in message for message in caplog.messages), job)
            topic.server.restart()
            topic.write(posts(100, 200))
            until(lambda: topic.counts() == (200, 0), job)
        assert all("\n" not in message for message in caplog.messages)


def test_a_checkpoint_of_a_spool_is_not_of_a_topic(topic: Topic) -> None:
    write_spool(topic.folder / "spool", posts(0, 10))
    first = StreamJob(queue=topic.other_url, store=topic.store, checkpoint=topic.folder / "checkpoint")
    with first:
        first.start(once=True)
        while not first.wait(0.2):
            pass
    with pytest.raises(
        CheckpointError, match=r"was made on spool, not on kafka:posts_\w+; start with a new checkpoint"
    ):
        topic.run()


def test_a_host_without_an_address_may_get_one_and_is_told(topic: Topic, caplog: pytest.LogCaptureFixture) -> None:
    topic.url = "kafka://nowhere.invalid:9092/posts"
    with topic.job() as job:
        job.start()
        until(lambda: any("Kafka at nowhere.invalid:9092 has no address" in one for one in caplog.messages), job)


def test_a_password_is_in_no_repr() -> None:
    access = KafkaAccess(user="ada", password="right horse")
    assert "horse" not in repr(access) + repr(JobOptions(access=access)) + repr(open_queue("kafka://h/t", access))
