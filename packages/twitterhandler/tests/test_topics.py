import sqlite3
from dataclasses import replace

import pytest
from twitterhandler.errors import (
    QueryError,
    RegistryError,
    SettingError,
    TopicExistsError,
    TopicNotFoundError,
)
from twitterhandler.subscriptions import Subscriptions
from twitterhandler.topics import Topic, TopicRegistry

CUP = Topic("world-cup", '"world cup" OR #WorldCup', state="started")
TEA = Topic("tea", "tea", languages=("en",), reposts=False)


@pytest.fixture
def registry(tmp_path):
    return TopicRegistry(tmp_path / "data" / "topics.db")


def test_topics_are_kept_in_the_file(registry):
    registry.add(CUP)
    registry.add(TEA)
    again = TopicRegistry(registry.path)
    assert again.topics() == [TEA, CUP]
    assert again.get("tea") == TEA
    assert again.change("tea", state="started", query="green tea") == replace(TEA, state="started", query="green tea")


def test_a_slug_is_taken_once_and_free_again_after_removal(registry):
    registry.add(CUP)
    with pytest.raises(TopicExistsError, match="world-cup"):
        registry.add(CUP)
    registry.remove("world-cup")
    assert registry.topics() == []
    with pytest.raises(TopicNotFoundError):
        registry.get("world-cup")
    with pytest.raises(TopicNotFoundError):
        registry.change("world-cup", query="cup")
    registry.add(CUP)
    assert registry.topics() == [CUP]


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        (Topic("World Cup", "cup"), SettingError),
        (Topic("", "cup"), SettingError),
        (Topic("cup", "(cup"), QueryError),
        (Topic("cup", "cup", sources=("myspace",)), SettingError),
        (Topic("cup", "cup", languages=("english",)), SettingError),
        (Topic("cup", "cup has:media"), QueryError),
        (Topic("cup", " OR ".join(["cup"] * 146), languages=("en", "fr")), SettingError),
    ],
)
def test_what_is_no_topic_is_refused(registry, topic, error):
    with pytest.raises(error):
        registry.add(topic)
    assert registry.all() == []


def test_the_rule_of_x_narrows_what_x_sends(registry):
    registry.add(Topic("on-x", "cup has:media", sources=("x",)))
    assert TEA.x_rule() == "tea lang:en -is:retweet"
    assert Topic("a", "tea OR cup", languages=("en", "fr")).x_rule() == "(tea OR cup) (lang:en OR lang:fr)"


def test_a_change_is_seen_by_others(registry):
    other = TopicRegistry(registry.path)
    before = other.revision()
    registry.add(CUP)
    after = other.revision()
    assert after > before
    with pytest.raises(QueryError):
        registry.change("world-cup", query="(")
    assert other.revision() == after


def test_a_file_that_is_no_registry_says_so(tmp_path):
    path = tmp_path / "topics.db"
    path.write_text("not a database, but long enough to look at it twice")
    with pytest.raises(RegistryError, match=r"topics\.db"):
        TopicRegistry(path)
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as connection:
        connection.execute("pragma user_version = 9")
    connection.close()
    with pytest.raises(RegistryError, match="format 9"):
        TopicRegistry(newer)
    with pytest.raises(RegistryError):
        TopicRegistry(path / "below-a-file.db")


@pytest.mark.parametrize(
    ("topic", "fields", "accepted"),
    [
        (TEA, {"lang": "en-GB"}, True),
        (TEA, {"lang": "de"}, False),
        (TEA, {"kind": "repost"}, False),
        (TEA, {"kind": "quote"}, True),
        (Topic("a", "a", sources=("sim",)), {"network": "x"}, False),
        (Topic("a", "a", sources=("sim",)), {"network": "sim"}, True),
        (Topic("a", "a"), {"lang": "und", "kind": "repost"}, True),
    ],
)
def test_a_topic_narrows_what_it_accepts(post, topic, fields, accepted):
    assert topic.accepts(post(**fields)) is accepted


def test_subscriptions_follow_the_registry(registry, post):
    registry.add(CUP)
    registry.add(TEA)
    subscriptions = Subscriptions(registry)
    now = post().created_at

    def refreshed():
        return [(event.id, event.query, event.state) for event in subscriptions.refresh(now)]

    both = post(text="tea at the World Cup")
    assert refreshed() == [("tea", "tea", "stopped"), ("world-cup", CUP.query, "started")]
    assert refreshed() == []
    assert subscriptions.match(both) == ("world-cup",)
    registry.change("tea", state="started")
    assert subscriptions.match(both) == ("world-cup",)
    assert refreshed() == [("tea", "tea", "started")]
    assert subscriptions.match(both) == ("tea", "world-cup")
    assert subscriptions.match(post(text="tea", lang="fr")) == ()
    registry.change("world-cup", query="football")
    registry.remove("tea")
    assert refreshed() == [("tea", "tea", "deleted"), ("world-cup", "football", "started")]
    assert subscriptions.match(both) == ()
