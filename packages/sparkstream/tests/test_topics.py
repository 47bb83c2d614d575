import pytest
from factories import NOON, STATUS, annotated, feed, keep, topic_event
from sparkstream.stores.base import Topic
from sparkstream.stores.sqlite import SqliteStore
from sparkstream.times import HOUR, MINUTE
from sparkstream.topics import spacing, state
from sparkstream.views import Views

SECOND = 1_000


def topic(last_hour=0, *, word="started", since=HOUR):
    """One whose newest post was received at NOON."""
    if not last_hour:
        return Topic("tea", "tea", word, 0, None, None)
    return Topic("tea", "tea", word, last_hour, NOON - since, NOON, NOON, last_hour)


@pytest.mark.parametrize(
    ("made", "seconds", "expected"),
    [
        (topic(), 9_999, "gathering"),
        (topic(word="stopped"), 0, "stopped"),
        (topic(3_601, word="stopped"), 0, "stopped"),
        (topic(3_601), 0, "live"),
        (topic(3_601), 120, "live"),
        (topic(3_601), 121, "silent"),
        (topic(61), 600, "live"),  # one a minute
        (topic(61), 601, "silent"),
        (topic(1), 36_000, "live"),  # one an hour
        (topic(1), 36_001, "silent"),
        (topic(1, since=0), 120, "live"),  # its first post of all
        (topic(1, since=0), 121, "silent"),
        (topic(6, since=100 * SECOND), 200, "live"),  # five spacings of 20 s since it began
        (topic(6, since=100 * SECOND), 201, "silent"),
    ],
)
def test_a_topic_is_silent_after_ten_of_its_usual_spacings_or_two_minutes(made, seconds, expected):
    assert state(made, NOON + seconds * SECOND) == expected


def test_the_rhythm_is_that_of_the_last_hour():
    assert spacing(topic()) == 0
    assert spacing(topic(121, since=30 * HOUR)) == 30 * SECOND


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(str(tmp_path / "views.db"))
    yield opened
    opened.close()


def states(store, now):
    return {item["slug"]: (item["state"], item["event_state"]) for item in Views(store, lambda: now).topics()["items"]}


def test_a_store_knows_when_the_newest_post_was_received_and_the_posts_of_its_hour(store):
    times = [NOON - 90 * MINUTE, NOON - 60 * MINUTE, NOON - 59 * MINUTE, NOON - MINUTE, NOON]
    keep(store, [("tea", annotated(f"x:{at}", at)) for at in times])
    known = store.topic("tea")
    assert (known.posts, known.last_post, known.last_received, known.last_hour) == (5, NOON, NOON + 900, 3)
    assert store.topics() == [known]


def test_topics_go_through_their_states_and_the_events_word_stays(store):
    feed(store, [topic_event("tea")])
    assert states(store, NOON) == {"tea": ("gathering", "started")}
    keep(store, [("tea", annotated("x:1")), ("coffee", annotated("x:2"))], 1)
    assert states(store, NOON)["tea"] == ("live", "started")
    assert states(store, NOON)["coffee"] == ("live", "started")  # no event has named it
    feed(store, [topic_event("tea", state="stopped", at="2026-11-22T12:01:00Z")], 2)
    assert states(store, NOON)["tea"] == ("stopped", "stopped")
    feed(store, [topic_event("tea", state="deleted", at="2026-11-22T12:02:00Z")], 3)
    assert set(states(store, NOON)) == {"coffee"}


def test_the_clock_is_the_jobs(store):
    """A job that has stopped hears nothing of any topic: that is its state, not theirs."""
    keep(store, [("tea", annotated("x:1"))])
    assert STATUS.updated_at == NOON
    assert states(store, NOON + HOUR)["tea"] == ("live", "started")
