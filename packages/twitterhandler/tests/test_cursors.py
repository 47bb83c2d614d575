import pytest
from twitterhandler.cursors import CursorFile
from twitterhandler.errors import RegistryError
from twitterhandler.topics import Topic, TopicRegistry


def test_a_position_is_kept_for_each_network(tmp_path):
    path = tmp_path / "data" / "topics.db"
    bluesky, mastodon = CursorFile(path, "bluesky"), CursorFile(path, "mastodon")
    assert bluesky.load() is None
    bluesky.save(1_795_348_800_123_456)
    bluesky.save(1_795_348_800_123_457)
    assert CursorFile(path, "bluesky").load() == 1_795_348_800_123_457
    assert mastodon.load() is None


def test_it_lies_beside_the_topics(tmp_path):
    path = tmp_path / "topics.db"
    CursorFile(path, "bluesky").save(7)
    registry = TopicRegistry(path)
    registry.add(Topic("tea", "tea"))
    CursorFile(path, "bluesky").save(8)
    assert [topic.slug for topic in TopicRegistry(path).topics()] == ["tea"]
    assert CursorFile(path, "bluesky").load() == 8


def test_a_file_that_cannot_be_used_says_so(tmp_path):
    (tmp_path / "topics.db").write_text("this was a database once")
    with pytest.raises(RegistryError, match=r"topics\.db"):
        CursorFile(tmp_path / "topics.db", "bluesky").save(1)
    with pytest.raises(RegistryError, match="check its folder"):
        CursorFile(tmp_path / "topics.db" / "x", "bluesky").load()
