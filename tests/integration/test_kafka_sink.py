"""The collector's sink on a real broker: what it promises, and what it says when the broker is away or refuses."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kafka_topics
import pytest
from servers import Kafka
from sinks.contract import SinkContract, by_key
from twitterhandler.errors import SinkError, SinkRefusedError
from twitterhandler.posts import Author, Post, encode
from twitterhandler.sinks import KafkaAccess, KafkaOptions, KafkaPlace, KafkaSink, KafkaTopic, SpillSink
from twitterhandler.testing.xserver.certificate import Certificate

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_post(**fields: object) -> Post:
    first = Post("x:1", "x", ("tea",), NOON, NOON, Author("x:42", "ada", "Ada"), "a cup of tea")
    return replace(first, **fields)  # type: ignore[arg-type]


@pytest.fixture
def post() -> Callable[..., Post]:
    return make_post


class Topic:
    def __init__(self, url: str) -> None:
        self.url = url

    def open(self, **options: object) -> KafkaSink:
        return KafkaSink(KafkaPlace.parse(self.url), **options)  # type: ignore[arg-type]

    def lines(self) -> list[bytes]:
        return kafka_topics.lines(self.url)


class SpilledTopic(Topic):
    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url)
        self.folder = folder

    def open(self, **options: object) -> SpillSink:  # type: ignore[override]
        return SpillSink(super().open(**options), self.folder)


class TestKafka(SinkContract):
    @pytest.fixture
    def place(self, kafka_url: str) -> Topic:
        return Topic(kafka_url)


class TestKafkaBehindASpill(SinkContract):
    @pytest.fixture
    def place(self, kafka_url: str, tmp_path: Path) -> Topic:
        return SpilledTopic(kafka_url, tmp_path / "spill")


@pytest.fixture
def topic(kafka_url: str) -> Topic:
    return Topic(kafka_url)


def carry(topic: Topic, posts: list[Post], **options: object) -> None:
    async def run() -> None:
        async with topic.open(**options) as sink:
            for one in posts:
                await sink.put(one)

    asyncio.run(run())


class TestTheTopic:
    def test_one_that_is_missing_is_made_as_the_settings_say(self, topic: Topic) -> None:
        carry(topic, [make_post()], options=KafkaOptions(KafkaTopic(3, 1, timedelta(hours=36))))
        partitions, settings = kafka_topics.settings(topic.url)
        assert partitions == 3
        assert settings["retention.ms"] == str(36 * 3_600_000)

    def test_one_that_is_there_stays_as_it_is(self, topic: Topic) -> None:
        kafka_topics.make(topic.url, partitions=2)
        carry(topic, [make_post()])
        assert kafka_topics.settings(topic.url)[0] == 2

    def test_what_the_brokers_cannot_make_is_told_with_their_reason(self, topic: Topic) -> None:
        with pytest.raises(SinkRefusedError, match=r"cannot make the topic .* replication"):
            carry(topic, [make_post()], options=KafkaOptions(KafkaTopic(replication=3)))
        with pytest.raises(SinkRefusedError, match=r"takes no topic|cannot make the topic"):
            carry(Topic(topic.url + "!"), [make_post()])

    def test_the_key_is_the_id_and_versions_of_a_post_share_a_partition(self, topic: Topic) -> None:
        carry(topic, [make_post(id=f"x:{number}", version=version) for version in range(3) for number in range(40)])
        found = kafka_topics.read(topic.url)
        assert all(record.key == json.loads(record.value)["id"].encode() for record in found)
        places = {(record.key, record.partition) for record in found}
        assert len(places) == 40
        assert len({partition for _, partition in places}) == 6

    @pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
    def test_every_compression_is_read_back(self, topic: Topic, compression: str) -> None:
        posts = [make_post(id=f"x:{number}") for number in range(200)]
        carry(topic, posts, options=KafkaOptions(compression=compression))  # type: ignore[arg-type]
        assert sorted(topic.lines()) == sorted(map(encode, posts))


def test_a_record_that_no_broker_takes_becomes_a_dead_letter_and_the_others_go_on(topic: Topic) -> None:
    carry(topic, [make_post(id="x:1"), make_post(id="x:2", text="x" * 1_100_000), make_post(id="x:3")])
    found = sorted((json.loads(line) for line in topic.lines()), key=lambda record: record["event"])
    assert [record["event"] for record in found] == ["dead", "post", "post"]
    assert "Kafka takes 1,000,000" in found[0]["reason"]
    assert len(found[0]["raw"]) == 64 * 1024


class TestAnOutage:
    def test_kill_minus_nine_and_a_restart_within_patience_lose_repeat_and_reorder_nothing(
        self, kafka_server: Kafka, topic: Topic
    ) -> None:
        posts = [make_post(id=f"x:{number % 30}", version=number) for number in range(6_000)]

        async def run() -> None:
            async with topic.open(patience=60) as sink:
                for number, one in enumerate(posts):
                    await sink.put(one)
                    if number == 2_000:
                        kafka_server.kill()
                        kafka_server.launch()
                await asyncio.to_thread(kafka_server.wait)

        asyncio.run(run())
        assert by_key(topic.lines()) == by_key(map(encode, posts))

    def test_a_broker_that_is_down_is_told_in_one_line_and_nothing_that_was_taken_is_lost(
        self, kafka_server: Kafka, topic: Topic
    ) -> None:
        async def run() -> str:
            sink = topic.open(patience=4)
            await sink.put(make_post(id="x:1"))
            await sink.flush()
            kafka_server.kill()
            await sink.put(make_post(id="x:2"))
            with pytest.raises(SinkError) as told:
                await sink.flush()
            with pytest.raises(SinkError, match="cannot be reached"):
                await sink.put(make_post(id="x:3"))
            assert [record.id for record in sink.unacknowledged] == ["x:2"]
            kafka_server.restart()
            await sink.put(make_post(id="x:4"))
            await sink.close()
            return str(told.value)

        said = asyncio.run(run())
        assert "\n" not in said
        assert f"Kafka at {kafka_server.bootstrap}" in said
        assert sorted(json.loads(line)["id"] for line in topic.lines()) == ["x:1", "x:2", "x:4"]

    def test_closing_while_it_is_down_ends(self, kafka_server: Kafka, topic: Topic) -> None:
        async def run() -> float:
            sink = topic.open(patience=1)
            await sink.put(make_post())
            await sink.flush()
            kafka_server.kill()
            await sink.put(make_post(id="x:2"))
            began = asyncio.get_running_loop().time()
            with pytest.raises(SinkError):
                await sink.close()
            assert len(asyncio.all_tasks()) == 1, "a task of the client has been left"
            return asyncio.get_running_loop().time() - began

        assert asyncio.run(run()) < 8

    def test_a_queue_that_nobody_serves_is_told_at_once(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            url = f"kafka://127.0.0.1:{taken.getsockname()[1]}/posts"
            with pytest.raises(SinkError, match="cannot be reached; start it, or check the address"):
                carry(Topic(url), [make_post()])

    def test_a_server_that_says_nothing_is_told_after_patience(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"kafka://127.0.0.1:{silent.getsockname()[1]}/posts"
            with pytest.raises(SinkError, match="does not answer"):
                carry(Topic(url), [make_post()], patience=0.5)

    def test_with_a_spill_before_it_the_collector_goes_on_and_all_arrives_in_order(
        self, kafka_server: Kafka, kafka_url: str, tmp_path: Path
    ) -> None:
        posts = [make_post(id=f"x:{number % 30}", version=number) for number in range(3_000)]
        topic = SpilledTopic(kafka_url, tmp_path / "spill")

        async def run() -> tuple[str | None, int]:
            async with topic.open(patience=1) as sink:
                for one in posts[:1_000]:
                    await sink.put(one)
                kafka_server.kill()
                for one in posts[1_000:2_000]:
                    await sink.put(one)
                    await asyncio.sleep(0.002)  # longer than patience in all
                seen = sink.waiting, sink.spilled
                kafka_server.launch()
                await asyncio.to_thread(kafka_server.wait)
                for one in posts[2_000:]:
                    await sink.put(one)
                async with asyncio.timeout(30):
                    while sink.spilled:
                        await asyncio.sleep(0.05)
                return seen

        waiting, spilled = asyncio.run(run())
        assert waiting is not None
        assert spilled > 0
        arrived = by_key(topic.lines())
        sent = by_key(map(encode, posts))
        assert {key: list(dict.fromkeys(found)) for key, found in arrived.items()} == sent  # first times, in order


PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
LOGIN = f'{PLAIN} required username="broker" password="b" user_broker="b" user_collector="right horse";'
WAYS_IN = {"password": "SASL_PLAINTEXT", "tls": "SSL", "both": "SASL_SSL"}


class Guarded(Kafka):
    """A broker with three ways in: one wants a user, one is encrypted, one is both."""

    port_count = 4

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        made = Certificate.make()
        self.ca = self.folder / "ca.pem"
        self.ca.write_text(made.certificate)
        (self.folder / "own.pem").write_text(made.key + made.certificate)

    def place(self, way: str) -> str:
        return f"127.0.0.1:{dict(zip(WAYS_IN, (self.ports[0], *self.ports[2:]), strict=True))[way]}"

    def prepare(self) -> None:
        self._more = {
            "listeners": ",".join(
                [
                    *(f"{way.upper()}://{self.place(way)}" for way in WAYS_IN),
                    f"CONTROLLER://127.0.0.1:{self.ports[1]}",
                ]
            ),
            "advertised.listeners": ",".join(f"{way.upper()}://{self.place(way)}" for way in WAYS_IN),
            "listener.security.protocol.map": ",".join(
                [
                    *(f"{way.upper()}:{protocol}" for way, protocol in WAYS_IN.items()),
                    "CONTROLLER:PLAINTEXT",
                ]
            ),
            "inter.broker.listener.name": "PASSWORD",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            **{f"listener.name.{way}.plain.sasl.jaas.config": LOGIN for way in ("password", "both")},
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.folder / "own.pem"),
        }
        super().prepare()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with Guarded(tmp_path_factory.mktemp("guarded")) as server:
        yield server


def acknowledged(guarded: Guarded, way: str, access: KafkaAccess, host: str = "127.0.0.1") -> int:
    topic = Topic(f"kafka://{guarded.place(way).replace('127.0.0.1', host)}/guarded")

    async def run() -> int:
        async with topic.open(options=KafkaOptions(access=access)) as sink:
            await sink.put(make_post())
            await sink.flush()
            return sink.position

    return asyncio.run(run())


def refused(guarded: Guarded, way: str, access: KafkaAccess, host: str = "127.0.0.1") -> str:
    with pytest.raises(SinkRefusedError) as told:
        acknowledged(guarded, way, access, host)
    assert not told.value.retriable
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that has signed nothing here."""
    path = tmp_path_factory.mktemp("stranger") / "ca.pem"
    path.write_text(Certificate.make().certificate)
    return path


class TestAccess:
    def test_a_user_and_a_password_let_us_in(self, guarded: Guarded) -> None:
        assert acknowledged(guarded, "password", KafkaAccess(user="collector", password="right horse")) == 1

    def test_a_wrong_password_is_a_refusal_that_does_not_show_it(
        self, guarded: Guarded, caplog: pytest.LogCaptureFixture
    ) -> None:
        access = KafkaAccess(user="collector", password="wrong horse")
        said = refused(guarded, "password", access)
        assert "does not know the user or the password" in said
        assert "wrong horse" not in caplog.text + said + repr(access) + repr(KafkaOptions(access=access))

    def test_over_tls_who_signed_the_broker_s_certificate_is_trusted(self, guarded: Guarded) -> None:
        assert acknowledged(guarded, "tls", KafkaAccess(tls=True, ca=guarded.ca)) == 1

    def test_over_tls_a_user_and_a_password_let_us_in(self, guarded: Guarded) -> None:
        known = KafkaAccess(tls=True, ca=guarded.ca, user="collector", password="right horse")
        assert acknowledged(guarded, "both", known) == 1
        wrong = KafkaAccess(tls=True, ca=guarded.ca, user="collector", password="wrong horse")
        assert "does not know the user or the password" in refused(guarded, "both", wrong)

    def test_a_certificate_that_somebody_else_signed_is_told(self, guarded: Guarded, stranger: Path) -> None:
        for ca in (stranger, None):  # None: whom the system trusts
            said = refused(guarded, "tls", KafkaAccess(tls=True, ca=ca))
            assert "shows a certificate that is not trusted (" in said
            assert said.endswith("set TWITTERHANDLER_KAFKA_CA to who signed it")

    def test_a_certificate_of_another_host_is_told(self, guarded: Guarded) -> None:
        said = refused(guarded, "tls", KafkaAccess(tls=True, ca=guarded.ca), host="127.1")
        assert "shows a certificate of another host (Hostname mismatch" in said

    def test_tls_where_the_broker_speaks_none_and_none_where_it_does_say_what_to_check(self, guarded: Guarded) -> None:
        encrypted = KafkaAccess(tls=True, ca=guarded.ca)
        for way, access in (("password", encrypted), ("tls", KafkaAccess())):
            with pytest.raises(SinkError, match=r"hangs up; .* TWITTERHANDLER_KAFKA_TLS"):
                acknowledged(guarded, way, access)

    def test_a_server_that_is_no_kafka_and_speaks_no_tls_is_told(self, guarded: Guarded) -> None:
        async def run() -> str:
            async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"220 a server of mail")
                writer.close()

            async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                sink = Topic(f"kafka://127.0.0.1:{port}/posts").open(
                    options=KafkaOptions(access=KafkaAccess(tls=True, ca=guarded.ca))
                )
                with pytest.raises(SinkRefusedError) as told:
                    await sink.put(make_post())
                await sink.close()
                return str(told.value)

        assert "we do not come to speak TLS (WRONG_VERSION_NUMBER); check TWITTERHANDLER_KAFKA_TLS" in asyncio.run(
            run()
        )
