"""Kafka's addresses, access and errors, without a broker; with one in tests/integration/test_kafka_queue.py."""

import pyspark
import pytest
from sparkstream.errors import SettingsError
from sparkstream.kafka_place import KafkaAccess, KafkaPlace
from sparkstream.queues import open_queue
from sparkstream.queues.kafka import KafkaQueue
from sparkstream.session import _packages


@pytest.mark.parametrize(
    ("url", "servers", "topic"),
    [
        ("kafka://localhost/posts", ("localhost:9092",), "posts"),
        ("kafka://one:9093,two,three:9095/x.posts-1", ("one:9093", "two:9092", "three:9095"), "x.posts-1"),
        ("kafka://[::1]:9093/posts", ("[::1]:9093",), "posts"),
        ("kafka://[::1]/posts", ("[::1]:9092",), "posts"),
    ],
)
def test_a_url_names_servers_and_a_topic(url, servers, topic):
    queue = open_queue(url)
    assert isinstance(queue, KafkaQueue)
    assert queue.place == KafkaPlace(servers, topic)
    assert queue.name == f"kafka:{topic}"


@pytest.mark.parametrize("url", ["kafka:", "kafka://host", "kafka://host/", "kafka:///posts", "kafka://host/a/b"])
def test_another_url_is_told_how_to_write_it(url):
    with pytest.raises(SettingsError, match="write kafka://HOST:PORT/TOPIC"):
        open_queue(url)


def test_a_user_in_the_url_is_refused_without_showing_it():
    with pytest.raises(SettingsError, match="SPARKSTREAM_KAFKA_USER") as told:
        open_queue("kafka://ada:horse@host/posts")
    assert "horse" not in str(told.value)


def test_access_becomes_settings_of_javas_clients(tmp_path):
    assert KafkaAccess().settings() == {"security.protocol": "PLAINTEXT"}
    access = KafkaAccess(tls=True, ca=tmp_path / "ca.pem", user="ada", password='a"b\\c', mechanism="SCRAM-SHA-512")
    assert access.settings() == {
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(tmp_path / "ca.pem"),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": 'org.apache.kafka.common.security.scram.ScramLoginModule required username="ada"'
        ' password="a\\"b\\\\c";',
    }
    assert "password" not in repr(access)


@pytest.mark.parametrize("half", [{"user": "ada"}, {"password": "horse"}, {"ca": "ca.pem"}])
def test_half_an_access_is_refused(half):
    with pytest.raises(SettingsError, match="; set"):
        KafkaAccess(**half)


@pytest.mark.parametrize(
    ("message", "words", "retriable"),
    [
        ("org.apache.kafka.common.errors.UnknownTopicOrPartitionException: no host", "has no topic posts yet", True),
        ("org.apache.kafka.common.errors.TimeoutException: Timed out", "does not answer", True),
        ("Cannot fetch record for offset 7 in 30000 milliseconds", "does not answer", True),
        ("Failed to create new KafkaAdminClient", "has no address", True),
        ("[KAFKA_DATA_LOSS.PARTITIONS_DELETED]", "start the job with a new checkpoint", False),
        ("org.apache.kafka.common.errors.SaslAuthenticationException", "does not let us read posts", False),
        ("org.apache.kafka.common.errors.TopicAuthorizationException", "does not let us read posts", False),
        ("Failed to find data source: kafka. Please", "started without its connector", False),
    ],
)
def test_what_spark_says_of_it_is_one_line_with_what_to_do(message, words, retriable):
    found = open_queue("kafka://host/posts").explain(f"a query ended\n{message}\n at java")
    assert words in str(found)
    assert "\n" not in str(found)
    assert found.retriable == retriable


def test_another_trouble_is_not_the_queues():
    assert open_queue("kafka://host/posts").explain("java.lang.OutOfMemoryError") is None


def test_the_connector_comes_from_a_folder_or_from_maven(tmp_path):
    connector = open_queue("kafka://host/posts").connector
    assert _packages(None, tmp_path) == {}
    assert _packages(connector, None) == {"spark.jars.packages": connector}
    with pytest.raises(SettingsError, match="there are no jars in"):
        _packages(connector, tmp_path)
    (tmp_path / "b.jar").touch()
    (tmp_path / "a.jar").touch()
    assert _packages(connector, tmp_path) == {"spark.jars": f"{tmp_path / 'a.jar'},{tmp_path / 'b.jar'}"}


def test_the_connector_is_of_the_version_of_spark():
    assert open_queue("kafka://host/posts").connector.endswith(f":{pyspark.__version__}")
