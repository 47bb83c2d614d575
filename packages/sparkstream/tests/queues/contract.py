"""What every queue does, read by a real job; whoever makes one runs this suite on it.

A subclass has a fixture `place` with `url`, `other_url` (another queue), `write(lines)`, which makes the queue if it
has to and appends in order, and `options`, what the job needs besides.
"""

import logging
import threading
import time

import orjson
import pytest
from factories import record
from sparkstream.errors import SparkstreamError
from sparkstream.job import JobOptions, StreamJob
from sparkstream.stores import open_store
from sparkstream.testing import KnownAnnotator

DEADLINE = 90


def posts(first, last):
    return [orjson.dumps(record(f"x:{number}", topics=["tea"])) for number in range(first, last)]


class QueueContract:
    @pytest.fixture
    def url(self, tmp_path):
        """Of the store."""
        return f"sqlite:{tmp_path / 'views.db'}"

    @pytest.fixture
    def make_job(self, place, tmp_path, url):
        def make(queue=None, **options):
            return StreamJob(
                queue=queue or place.url,
                store=url,
                checkpoint=tmp_path / "checkpoint",
                annotator=KnownAnnotator,
                options=JobOptions(**{"max_lines": 100, **place.options, **options}),
            )

        return make

    def read(self, job):
        """Until what is in the queue now has been read; the number of micro-batches that there have been."""
        with job:
            job.start(once=True)
            deadline = time.monotonic() + DEADLINE
            while not job.wait(0.2):
                assert time.monotonic() < deadline
            return job._last[0] + 1

    def count(self, url):
        store = open_store(url)
        try:
            return store.master.distinct_posts(), store.dead_letter_count()
        finally:
            store.close()

    def test_every_line_is_read_once_at_most_so_many_a_batch_and_a_later_job_goes_on(self, place, make_job, url):
        place.write(posts(0, 250))
        assert self.read(make_job()) == 3
        assert self.count(url) == (250, 0)
        place.write(posts(250, 300))
        assert self.read(make_job()) == 4
        assert self.count(url) == (300, 0)
        assert self.read(make_job()) == 4  # nothing new

    def test_what_is_no_record_is_a_dead_letter_and_stops_nothing(self, place, make_job, url):
        torn = [
            b"{torn",
            b"\xff\xfe",
            b'"\\ud800"',
            b"[" * 2_000,
            b"x" * (2 << 20),
            b'{"id": "x:5", "schema": 99}',
            b"7",
        ]
        place.write([*posts(0, 50), *torn, *posts(50, 100)])
        self.read(make_job())
        assert self.count(url) == (100, len(torn))
        store = open_store(url)
        letters = store.dead_letters(100)
        store.close()
        assert len({letter.id for letter in letters}) == len(torn)
        assert all(letter.id.startswith(place.prefix) for letter in letters)

    def test_copies_of_a_post_count_once_wherever_they_stand(self, place, make_job, url):
        place.write([*posts(0, 80), *posts(0, 80), *posts(40, 120)])
        self.read(make_job(max_lines=1_000))
        self.read(make_job())
        store = open_store(url)
        topic = store.topic("tea")
        store.close()
        assert topic.posts == 120

    def test_a_queue_that_is_made_later_is_waited_for(self, place, make_job, url, caplog):
        job = make_job()
        with caplog.at_level(logging.WARNING), job:
            job.start()
            deadline = time.monotonic() + DEADLINE
            while not place.is_told_missing(caplog.messages):
                assert not job.wait(0.2)
                assert time.monotonic() < deadline
            place.write(posts(0, 10))
            while self.count(url) != (10, 0):
                assert not job.wait(0.2)
                assert time.monotonic() < deadline
        assert all("\n" not in message for message in caplog.messages)

    def test_a_checkpoint_of_another_queue_is_refused(self, place, make_job):
        place.write(posts(0, 10))
        self.read(make_job())
        with pytest.raises(SparkstreamError, match=r"start .*with a new checkpoint") as told:
            self.read(make_job(queue=place.other_url))
        assert not told.value.retriable
        assert self.read(make_job()) == 1  # the right one goes on

    def test_it_is_read_while_it_grows(self, place, make_job, url):
        place.write(posts(0, 10))
        with make_job(trigger=0.1) as job:
            job.start()
            writer = threading.Thread(target=lambda: [place.write(posts(at, at + 10)) for at in range(10, 100, 10)])
            writer.start()
            deadline = time.monotonic() + DEADLINE
            while self.count(url) != (100, 0):
                assert not job.wait(0.2)
                assert time.monotonic() < deadline
            writer.join()
