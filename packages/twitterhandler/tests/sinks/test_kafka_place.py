"""Kafka's addresses and access, without a broker; with one in tests/integration/test_kafka_sink.py."""

import asyncio
import importlib.util

import pytest
from twitterhandler.errors import MissingExtraError, SettingError
from twitterhandler.settings import Settings
from twitterhandler.sinks import KafkaAccess, KafkaPlace, KafkaSink, SpillSink


@pytest.mark.parametrize(
    ("url", "servers", "topic"),
    [
        ("kafka://localhost/posts", ("localhost:9092",), "posts"),
        ("kafka://one:9093,two,three:9095/x.posts-1", ("one:9093", "two:9092", "three:9095"), "x.posts-1"),
        ("kafka://[::1]:9092/posts", ("[::1]:9092",), "posts"),
        ("kafka://[::1]/posts", ("[::1]:9092",), "posts"),
    ],
)
def test_a_url_names_servers_and_a_topic(url, servers, topic):
    assert KafkaPlace.parse(url) == KafkaPlace(servers, topic)


@pytest.mark.parametrize(
    "url",
    ["kafka:", "kafka://", "kafka://host", "kafka://host/", "kafka:///posts", "kafka://host/a/b", "kafka://host/a?b=c"],
)
def test_another_url_is_told_how_to_write_it(url):
    with pytest.raises(SettingError, match=r"write kafka://HOST:PORT/TOPIC"):
        KafkaPlace.parse(url)


@pytest.mark.parametrize("port", ["", "0", "65536", "x", "-1"])
def test_a_port_that_is_none_is_told(port):
    with pytest.raises(SettingError, match="HOST:PORT"):
        KafkaPlace.parse(f"kafka://host:{port}/posts")


def test_a_user_in_the_url_is_refused_without_showing_it():
    with pytest.raises(SettingError, match="TWITTERHANDLER_KAFKA_USER") as told:
        KafkaPlace.parse("kafka://ada:horse@host/posts")
    assert "horse" not in str(told.value)


def test_access_is_plain_unless_it_is_said_otherwise():
    assert KafkaAccess().protocol == "PLAINTEXT"
    assert KafkaAccess(tls=True).protocol == "SSL"
    assert KafkaAccess(user="ada", password="horse").protocol == "SASL_PLAINTEXT"
    assert KafkaAccess(tls=True, user="ada", password="horse").protocol == "SASL_SSL"
    assert KafkaAccess().context() is None
    context = KafkaAccess(tls=True).context()
    assert context is not None
    assert context.check_hostname


@pytest.mark.parametrize("half", [{"user": "ada"}, {"password": "horse"}, {"ca": "ca.pem"}, {"tls": True, "key": "k"}])
def test_half_an_access_is_refused(half):
    with pytest.raises(SettingError, match=r"; (set|switch)"):
        KafkaAccess(**half)


def test_certificates_that_cannot_be_read_are_a_setting_to_correct(tmp_path):
    with pytest.raises(SettingError, match="certificate for Kafka cannot be used"):
        KafkaAccess(tls=True, ca=tmp_path / "none.pem").context()


def test_no_repr_shows_the_password(tmp_path, monkeypatch):
    monkeypatch.setenv("TWITTERHANDLER_KAFKA_PASSWORD", "right horse")
    settings = Settings.read(sink="kafka://host/posts", kafka_user="ada", spill=tmp_path / "spill")

    async def shown():
        sink = settings.open_sink()
        await sink.close()
        return repr(sink)

    assert "horse" not in asyncio.run(shown()) + repr(settings) + repr(KafkaAccess(user="ada", password="right horse"))


def test_kafka_has_a_disk_before_it(tmp_path):
    async def opened():
        async with Settings.read(sink="kafka://host/posts", spill=tmp_path / "spill").open_sink() as sink:
            return sink

    assert isinstance(asyncio.run(opened()), SpillSink)
    assert (tmp_path / "spill" / "spool.json").exists()


def test_without_the_extra_one_line_names_it(monkeypatch, post):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "twitterhandler.sinks.kafka_connection.find_spec", lambda name: None if name == "aiokafka" else found(name)
    )

    async def put():
        async with KafkaSink(KafkaPlace.parse("kafka://host/posts")) as sink:
            await sink.put(post())

    with pytest.raises(MissingExtraError, match=r"pip install 'twitterhandler\[kafka\]'$"):
        asyncio.run(put())
