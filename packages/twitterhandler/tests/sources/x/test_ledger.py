from datetime import timedelta

import pytest
from twitterhandler.sources.x.ledger import TICK, Ledger
from twitterhandler.testing import FakeClock

NOON = FakeClock().now()


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def told(gaps):
    """Each gap as (id, topics, from, to, reason), in seconds after noon, without the millisecond that is added."""
    return [
        (
            gap.id,
            gap.topics,
            (gap.start - NOON).total_seconds(),
            (gap.end - TICK - NOON).total_seconds(),
            gap.reason,
        )
        for gap in gaps
    ]


@pytest.fixture
def ledger():
    """Of two topics; connected at noon."""
    ledger = Ledger()
    list(ledger.follow(["tea", "match"], NOON))
    list(ledger.connected(NOON))
    return ledger


def test_from_the_first_topic_to_the_first_connection_nothing_is_heard():
    ledger = Ledger()
    assert list(ledger.follow(["tea"], at(0))) == []
    assert told(ledger.connected(at(3))) == [("gap:x:1795348800000", ("tea",), 0, 3, "connecting")]
    assert list(ledger.connected(at(4))) == []


def test_a_gap_is_from_where_all_was_heard_to_the_next_connection_and_has_the_first_reason(ledger):
    ledger.lost("it broke", at(30))
    ledger.lost("X answered 503", at(40))
    assert told(ledger.connected(at(45))) == [("gap:x:1795348830000", ("match", "tea"), 30, 45, "it broke")]


def test_even_a_gap_without_length_holds_its_moment(ledger):
    ledger.lost("X closed it", at(7))
    (gap,) = ledger.connected(at(7))
    assert gap.start == at(7) < gap.end


def test_a_topic_that_came_or_went_during_a_gap_is_in_it(ledger):
    ledger.lost("it broke", at(5))
    list(ledger.follow(["tea", "rain"], at(6)))
    assert told(ledger.connected(at(7)))[0][1] == ("match", "rain", "tea")


def test_while_nobody_listens_nothing_is_missed(ledger):
    ledger.lost("it broke", at(4))
    assert told(ledger.follow([], at(6)))[0][2:4] == (4, 6)
    ledger.lost("nobody listens", at(7))
    assert list(ledger.still_open(at(8), TICK)) == []
    assert list(ledger.connected(at(9))) == []
    list(ledger.follow(["rain"], at(100)))
    assert told(ledger.connected(at(101)))[0][1:4] == (("rain",), 100, 101)


def test_a_topic_may_be_deaf_whatever_the_connection_does(ledger):
    ledger.deaf("tea", at(1), "its rule is new")
    ledger.deaf("tea", at(2), "X takes no more rules")
    ledger.lost("it broke", at(3))
    assert len(list(ledger.connected(at(4)))) == 1
    gap = ("gap:x:1795348801000:tea", ("tea",), 1, 22, "X takes no more rules")
    assert told(ledger.hears("tea", at(22))) == [gap]
    assert list(ledger.hears("tea", at(23))) == []


def test_a_topic_that_stops_is_deaf_until_then(ledger):
    ledger.deaf("tea", at(1), "its rule is new")
    assert told(ledger.follow(["match"], at(5)))[0][1:4] == (("tea",), 1, 5)


def test_a_gap_that_has_not_ended_is_told_again_as_the_same_record(ledger):
    ledger.lost("it broke", at(0))
    ledger.deaf("tea", at(6), "X takes no more rules")
    minute = timedelta(minutes=1)
    connection, topic = told(ledger.still_open(at(60), minute))
    assert (connection[2:4], topic[2:4]) == ((0, 60), (6, 120))
    ended = told([*ledger.connected(at(70)), *ledger.hears("tea", at(80))])
    assert [gap[0] for gap in ended] == [connection[0], topic[0]]
