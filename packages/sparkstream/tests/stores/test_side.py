"""A server that may be away: asked seldom while it is, by one, and like any other when it is back."""

import logging
import threading

import pytest
from sparkstream.errors import StoreBusyError, StoreError, StoreSchemaError
from sparkstream.stores.side import RESTED, Part, Side


class Answering:
    def __init__(self):
        self.error, self.asked, self.closed = None, 0, False

    def hello(self, name, *, loud=False):
        self.asked += 1
        if self.error:
            raise self.error
        return name.upper() if loud else name

    def close(self):
        self.closed = True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server():
    return Answering()


@pytest.fixture
def side(server, clock):
    return Side(lambda: server, clock)


def hello(side):
    return side.ask(lambda opened: opened.hello("ada"))


def test_it_is_opened_by_the_first_question_and_closed_once_for_all(server, side):
    assert hello(side) == "ada"
    side.close()
    assert server.closed


def test_after_a_failure_it_is_left_alone_for_a_second(server, side, clock):
    server.error = StoreBusyError("Redis cannot be reached; start it")
    for _ in range(5):
        with pytest.raises(StoreBusyError, match="cannot be reached; start it"):
            hello(side)
    assert server.asked == 1
    server.error, clock.now = None, RESTED
    assert hello(side) == "ada"
    assert hello(side) == "ada"
    assert server.asked == 3


def test_each_who_is_refused_gets_an_error_of_his_own(server, side):
    server.error = StoreSchemaError("it is newer")
    errors = []
    for _ in range(3):
        with pytest.raises(StoreSchemaError, match="it is newer") as caught:
            hello(side)
        errors.append(caught.value)
    assert len(set(map(id, errors))) == 3


def test_while_one_tries_again_nobody_else_waits(server, side, clock):
    server.error = StoreBusyError("away")
    with pytest.raises(StoreBusyError):
        hello(side)
    clock.now, server.error = RESTED, None
    trying, go_on = threading.Event(), threading.Event()

    def slow(opened):
        trying.set()
        assert go_on.wait(10)
        return opened.hello("ada")

    answers = []
    first = threading.Thread(target=lambda: answers.append(side.ask(slow)))
    first.start()
    assert trying.wait(10)
    with pytest.raises(StoreBusyError, match="away"):
        hello(side)
    go_on.set()
    first.join()
    assert answers == ["ada"]
    assert hello(side) == "ada"


def test_it_says_once_that_it_is_away_and_once_that_it_is_back(server, side, clock, caplog):
    caplog.set_level(logging.INFO)
    for error in (StoreBusyError("Redis is away"), StoreBusyError("Redis is away"), None, None):
        server.error, clock.now = error, clock.now + RESTED
        if error:
            with pytest.raises(StoreBusyError):
                hello(side)
        else:
            hello(side)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "Redis is away; answers do without it until it is back"),
        ("INFO", "it is back: Redis is away"),
    ]


def test_what_may_pass_does_not_keep_it_from_being_opened_later(clock):
    tries = iter([StoreBusyError("away"), StoreBusyError("away")])
    server = Answering()

    def opens():
        for error in tries:
            raise error
        return server

    side = Side(opens, clock)
    side.open()
    with pytest.raises(StoreBusyError):
        hello(side)
    for _ in range(2):
        clock.now += RESTED
        try:
            answer = hello(side)
        except StoreBusyError:
            continue
    assert answer == "ada"


def test_what_will_not_pass_is_said_at_once():
    def opens():
        raise StoreError("Redis refuses the password; correct its URL")

    with pytest.raises(StoreError, match="refuses the password"):
        Side(opens).open()


def test_what_is_closed_is_not_opened_again(server, side):
    side.close()
    with pytest.raises(StoreError, match="has been closed here"):
        hello(side)


def test_a_part_is_asked_through_its_side(server, side):
    part = Part(side, lambda opened: opened)
    assert part.hello("ada", loud=True) == "ADA"
    server.error = StoreBusyError("away")
    with pytest.raises(StoreBusyError):
        part.hello("ada")
    with pytest.raises(StoreBusyError):
        hello(side)
    assert server.asked == 2
