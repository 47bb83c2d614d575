"""While one layer is down the other one answers: what is not known is said to be unknown, and nothing stays so."""

from contextlib import closing

import pytest
import truth
from factories import NOON, annotated, keep, two_layers
from sparkstream.batch import BatchLayer
from sparkstream.errors import StoreBusyError
from sparkstream.schema import TopicEvent
from sparkstream.stores.base import LayerTimes, Stamp, Unread
from sparkstream.times import DAY, HOUR, LATEST, MINUTE, Span, cover
from switch import Served

BORDER = NOON + 5 * HOUR + 17 * MINUTE
END = NOON + 27 * HOUR
ALL = [Span(DAY, 0, NOON + 3 * DAY)]


@pytest.fixture
def store(tmp_path, some_posts):
    with closing(two_layers(tmp_path / "views.db", some_posts, border=BORDER, now=END)) as opened:
        yield opened


@pytest.fixture
def served(store):
    made = Served(store)
    made.store.open()
    return made


def of(posts, topic, start, end):
    return truth.of(posts, topic, start, end)


def first_minute(posts, topic):
    """From which on the speed views know all."""
    after = min(post.event_time for about, post in posts if about == topic and post.event_time >= BORDER)
    return after - after % MINUTE


def test_while_both_are_up_it_is_the_store(served, store, some_posts):
    one = served.store.at_once()
    assert (one.down(), one.unread("tea")) == ((), [])
    assert one.layers() == store.layers()
    assert one.topics() == store.topics()
    assert one.count("tea", ALL) == len(of(some_posts, "tea", 0, END))
    assert served.store.troubles() == {}


def test_without_the_speed_layer_the_minutes_up_to_the_border_are_known(served, some_posts):
    served.go(served.redis)
    one = served.store.at_once()
    assert one.down() == ("speed",)
    assert one.unread("tea") == [Unread(BORDER, LATEST, "the speed layer is down", sums=True, posts=False)]
    assert one.layers("tea") == LayerTimes(BORDER, None, ("speed",))
    known = of(some_posts, "tea", 0, BORDER)
    assert one.count("tea", ALL) == sum(period.posts for period in one.periods("tea", ALL)) == len(known)
    for spans in (ALL, cover(NOON - HOUR, BORDER), cover(NOON, END)):
        assert one.top("tea", spans, "hashtag", by="posts", limit=2, offset=1) == truth.top(known, "hashtag")[1:3]
    assert one.is_cut("tea", cover(NOON, END))
    assert not one.is_cut("tea", cover(NOON, BORDER))
    assert one.status() is None
    assert len(one.posts("tea", 0, END, before=None, sentiment=None, limit=9)) == 9


def test_without_the_batch_layer_the_minutes_that_the_speed_views_have_are_known(served, some_posts):
    served.go(served.cassandra)
    one, border = served.store.at_once(), first_minute(some_posts, "tea")
    known = of(some_posts, "tea", border, END)
    assert one.down() == ("batch",)
    assert [(some.start, some.end, some.sums, some.posts) for some in one.unread("tea")] == [
        (0, border, True, True),
        (border, LATEST, False, True),
    ]
    newest = max(post.event_time for post in known)
    assert one.layers("tea") == LayerTimes(None, newest, ("batch",))
    assert one.count("tea", ALL) == sum(period.posts for period in one.periods("tea", ALL)) == len(known)
    assert one.top("tea", ALL, "word", by="posts", limit=2, offset=1) == truth.top(known, "word")[1:3]
    assert one.is_cut("tea", cover(NOON, END))
    assert not one.is_cut("tea", cover(border, END))
    assert one.status().updated_at == END
    assert (one.gaps("tea", 0, END), one.dead_letter_count()) == ([], None)
    with pytest.raises(StoreBusyError, match="posts cannot be read now: Cassandra cannot be reached; start it"):
        one.posts("tea", 0, END, before=None, sentiment=None, limit=1)


def test_topics_that_were_known_stay_known_with_their_queries(served, store):
    store.master.write_events(
        [TopicEvent("tea", "tea OR pot", "started", 1), TopicEvent("coffee", None, "deleted", 1)], [], []
    )
    served.store.at_once().topics()
    served.go(served.cassandra)
    assert [(topic.slug, topic.query) for topic in served.store.at_once().topics()] == [("tea", "tea OR pot")]
    with pytest.raises(StoreBusyError, match="which topics there are cannot be read now"):
        served.store.at_once().topic("coffee")


def test_one_that_is_started_without_the_batch_layer_takes_the_topics_of_the_speed_views(store, some_posts):
    served = Served(store)
    served.go(served.cassandra)
    served.store.open()
    found = served.store.at_once().topics()
    assert [(topic.slug, topic.query, topic.state) for topic in found] == [
        ("coffee", None, "started"),
        ("tea", None, "started"),
    ]
    assert found[1].posts == len(of(some_posts, "tea", first_minute(some_posts, "tea"), END))
    assert (
        found[1].last_post
        == found[1].last_received
        == max(post.event_time for about, post in some_posts if about == "tea")
    )
    served.go()
    assert served.store.at_once().topics() == store.topics()


def test_what_is_not_in_the_speed_views_is_unknown_not_absent(store):
    keep(store, [("milk", annotated("x:m", NOON))], 1)
    BatchLayer(store, lambda: END).run(["milk"], end=NOON + HOUR)
    served = Served(store)
    served.store.at_once().topics()
    served.go(served.cassandra)
    one = served.store.at_once()
    assert one.unread("milk")[0] == Unread(0, LATEST, "the batch layer is down", sums=True, posts=True)
    assert (one.count("milk", ALL), one.topic("milk").posts) == (0, 0)


def test_without_either_layer_it_raises_as_any_store(served):
    served.go(served.cassandra, served.redis)
    with pytest.raises(StoreBusyError, match="cannot be reached; start it"):
        served.store.at_once()
    assert {layer: str(error).partition(" ")[0] for layer, error in served.store.troubles().items()} == {
        "batch": "Cassandra",
        "speed": "Redis",
    }


@pytest.mark.parametrize("server", ["cassandra", "redis"])
def test_a_layer_that_goes_in_the_middle_of_an_answer_is_gone_for_the_rest_of_it(served, some_posts, server):
    one, gone = served.store.at_once(), getattr(served, server)
    whole = one.count("tea", ALL)
    served.go(gone)
    part = one.count("tea", ALL)
    assert 0 < part < whole == len(of(some_posts, "tea", 0, END))
    assert len(one.down()) == 1
    served.go()
    assert one.count("tea", ALL) == part
    assert next(some.sums for some in one.unread("tea"))
    assert served.store.at_once().count("tea", ALL) == whole


def test_the_last_layer_that_goes_in_the_middle_of_an_answer_is_an_error(served):
    served.go(served.redis)
    one = served.store.at_once()
    served.go(served.redis, served.cassandra)
    with pytest.raises(StoreBusyError, match="Cassandra cannot be reached"):
        one.count("tea", ALL)
    with pytest.raises(StoreBusyError, match="cannot be reached"):
        one.gaps("tea", 0, END)


def test_the_version_changes_when_a_layer_goes_and_when_it_is_back(served):
    versions = []
    for down in ((), (served.cassandra,), (), (served.redis,)):
        served.go(*down)
        versions.append(served.store.version())
    assert versions[0] == versions[2]
    assert len(set(versions)) == 3


def test_who_does_not_ask_for_one_answer_gets_no_part_of_one(served):
    served.go(served.redis)
    with pytest.raises(StoreBusyError, match="Redis cannot be reached"):
        served.store.count("tea", ALL)


def test_a_store_that_is_down_is_asked_once_a_second_whatever_is_asked(served):
    served.go(served.cassandra)
    before = served.cassandra.asked
    for _ in range(20):
        served.store.at_once().topics()
    assert served.cassandra.asked == before + 1


def test_speed_views_that_have_lost_batches_are_down_until_they_are_whole(served, store):
    store.master.begin(Stamp("run", 5))
    applied = store.speed.applied()
    assert served.store.at_once().down() == ("speed",)
    assert "are not whole" in str(served.store.troubles()["speed"])
    store.speed.restore(applied | {"run": 4})
    assert served.store.at_once().down() == ()


def test_one_batch_that_is_under_way_is_no_loss(served, store):
    store.master.begin(Stamp("run", 1))
    store.master.begin(Stamp("new", 0))
    assert served.store.at_once().down() == ()
