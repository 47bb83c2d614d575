import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

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

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
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
        (Topic("cup", "cup", limit=0), SettingError),
        (Topic("cup", "cup", until=NOON.replace(tzinfo=None)), SettingError),
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


def test_limits_are_kept_and_taken_away_again(registry):
    until = datetime(2026, 12, 1, 1, 2, 3, 4_000, tzinfo=timezone(timedelta(hours=1)))
    registry.add(replace(TEA, limit=1_000, until=until))
    assert registry.get("tea") == replace(TEA, limit=1_000, until=datetime(2026, 12, 1, 0, 2, 3, 4_000, tzinfo=UTC))
    registry.change("tea", limit=None, until=None)
    assert registry.get("tea") == TEA


def test_who_stops_a_topic_is_known_until_somebody_starts_it(registry):
    registry.add(CUP)
    registry.change("world-cup", state="stopped", stopped_by="limit")
    assert registry.change("world-cup", query="cup").stopped_by == "limit"
    assert registry.change("world-cup", state="started").stopped_by is None
    registry.change("world-cup", state="stopped", stopped_by="limit")
    assert registry.change("world-cup", state="stopped").stopped_by is None


def test_a_file_of_the_first_format_is_read_and_made_new(tmp_path):
    path = tmp_path / "topics.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "create table topics (slug text primary key, query text not null, sources text not null, languages text "
            "not null, reposts integer not null, state text not null, revision integer not null) without rowid"
        )
        connection.execute("""insert into topics values ('tea', 'tea', '[]', '["en"]', 0, 'stopped', 4)""")
        connection.execute("""insert into topics values ('old', 'tea lang:e', '[]', '[]', 1, 'started', 5)""")
        connection.execute("pragma user_version = 1")
    connection.close()
    for _ in range(2):
        registry = TopicRegistry(path)
        assert (registry.topics(), registry.revision()) == ([Topic("old", "tea lang:e"), TEA], 6)
    assert registry.change("tea", limit=5) == replace(TEA, limit=5)


def test_a_file_of_the_second_format_knows_no_reason_yet(tmp_path):
    path = tmp_path / "topics.db"
    TopicRegistry(path).add(TEA)
    with sqlite3.connect(path) as connection:
        connection.execute("alter table topics drop column stopped_because")
        connection.execute("update topics set stopped_by = 'limit'")
        connection.execute("pragma user_version = 2")
    connection.close()
    for _ in range(2):
        assert TopicRegistry(path).topics() == [replace(TEA, stopped_by="limit")]
    stopped = TopicRegistry(path).change("tea", state="stopped", stopped_by="limit", stopped_because="it is enough")
    assert TopicRegistry(path).get("tea") == stopped


def test_a_topic_made_anew_has_spent_nothing(registry):
    registry.add(TEA)
    registry.spend({"topic:tea": 7, "paid:tea": 3, "month:2026-11": 9})
    registry.spend({"topic:tea": 8})
    registry.remove("tea")
    assert registry.spending() == {"topic:tea": 8, "paid:tea": 3, "month:2026-11": 9}
    registry.add(TEA)
    assert registry.spending() == {"month:2026-11": 9}


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
