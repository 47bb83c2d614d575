"""Settings from options and the environment (prefix TWITTERHANDLER_), and the parts that they choose."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AwareDatetime, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from twitterhandler.budget import Limits
from twitterhandler.cursors import CursorFile
from twitterhandler.errors import SettingError
from twitterhandler.estimate import Estimator
from twitterhandler.sinks import (
    KafkaAccess,
    KafkaOptions,
    KafkaPlace,
    KafkaSink,
    KafkaTopic,
    Sink,
    SpillSink,
    SpoolSink,
)
from twitterhandler.sinks.kafka_place import Compression, Mechanism
from twitterhandler.sources import (
    JetstreamSource,
    MastodonSource,
    ReplaySource,
    SimulatorSource,
    Source,
    Stretch,
    default_topics,
    jetstream,
)
from twitterhandler.sources.x import BASE_URL, BearerToken, XSource, XTransport
from twitterhandler.sources.x.filler import SearchFiller
from twitterhandler.sources.x.search import RecentSearch
from twitterhandler.spending import Spending
from twitterhandler.topics import Network, TopicRegistry

SourceName = Literal["simulator", "replay", "x", "bluesky", "mastodon"]

_SPAN = re.compile(r"^(\d+(?:\.\d+)?)(s|m|h|d)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _speed(value: object) -> object:
    return math.inf if value == "max" else value


def _span(value: object) -> object:
    """`20m` as a time span; pydantic reads the rest."""
    found = _SPAN.match(value) if isinstance(value, str) else None
    return timedelta(**{_UNITS[found[2]]: float(found[1])}) if found else value


def _names(value: object) -> object:
    """`x,bluesky` as two names, as the environment has it."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that can be chosen; an option on the command line goes before the environment."""

    model_config = SettingsConfigDict(
        env_prefix="TWITTERHANDLER_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    sink: str = Field("spool:./data/spool", description="the queue: spool:FOLDER or kafka://HOST:PORT/TOPIC")
    topics: str = Field("sqlite:./data/topics.db", description="the topics' file: sqlite:FILE")
    host: str = "127.0.0.1"
    port: int = Field(9001, ge=0, le=65535)
    token: SecretStr | None = None
    spill: Path = Field(Path("./data/spill"), description="where records wait for a Kafka that is away")
    spill_bytes: int = Field(1 << 30, ge=64 << 20, description="bound of it")
    kafka_partitions: int = Field(6, ge=1, le=10_000, description="of a topic that is made")
    kafka_replication: int | None = Field(None, ge=1, le=32_767, description="of it; by default the brokers choose")
    kafka_retention: Annotated[timedelta, BeforeValidator(_span)] = timedelta(days=7)
    kafka_compression: Compression = "zstd"
    kafka_tls: bool = False
    kafka_ca: Path | None = None
    kafka_certificate: Path | None = None
    kafka_key: Path | None = None
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_mechanism: Mechanism = "PLAIN"
    source: Annotated[tuple[SourceName, ...], NoDecode, BeforeValidator(_names)] = ("simulator",)
    file: Path | None = None
    speed: Annotated[float, BeforeValidator(_speed)] = math.inf
    retime: bool = False
    seed: int = 7
    rate: float = 5.0
    duplicates: float = 0.02
    outages: int = 0
    dirty: float = 0.0
    start: AwareDatetime | None = None
    hours: float | None = None
    until: AwareDatetime | None = Field(None, description="when every topic is stopped")
    x_token: SecretStr | None = Field(None, description="the bearer token of an app of X")
    x_url: str = Field(BASE_URL, description="where X is; of a fake in tests")
    x_price: Decimal | None = Field(None, description="of one post of X, in whatever currency")
    x_month_posts: int | None = Field(None, description="posts of X that a month may bring")
    x_month_money: Decimal | None = Field(None, description="what posts of X may cost in a month")
    x_month_fill: int = Field(0, description="posts of X that may be bought in a month to fill gaps")
    bluesky_url: str = Field(jetstream.DEFAULT_URL, description="a Jetstream server of Bluesky")
    mastodon_url: str | None = Field(None, description="a server of Mastodon: https://HOST")
    mastodon_token: SecretStr | None = Field(None, description="of an account there, with read:statuses")
    mastodon_stream: str = Field("public", description="public, public/local, public/remote, hashtag:TAG")
    history: Annotated[timedelta, BeforeValidator(_span)] = timedelta(minutes=20)

    @classmethod
    def read(cls, **options: Any) -> "Settings":
        """Options that are None are left to the environment and the defaults.

        Raises:
            SettingError: a value cannot be used.
        """
        try:
            return cls(**{name: value for name, value in options.items() if value is not None})
        except ValidationError as exc:
            reasons = "; ".join(f"{_option(error['loc'])}: {error['msg']}" for error in exc.errors())
            raise SettingError(f"{reasons}; correct the option or its variable of the environment") from None

    def open_sink(self) -> Sink:
        """The queue; inside a running event loop. One that is elsewhere may be away: it has a disk before it."""
        scheme, _, place = self.sink.partition(":")
        if scheme == "spool" and place:
            return SpoolSink(Path(place))
        if scheme != "kafka":
            raise SettingError(f"the sink {self.sink!r} is not known; write spool:PATH or kafka://HOST:PORT/TOPIC")
        remote = KafkaSink(KafkaPlace.parse(self.sink), self._kafka_options())
        return SpillSink(remote, self.spill, max_bytes=self.spill_bytes)

    def _kafka_options(self) -> KafkaOptions:
        topic = KafkaTopic(self.kafka_partitions, self.kafka_replication, self.kafka_retention)
        access = KafkaAccess(
            tls=self.kafka_tls,
            ca=self.kafka_ca,
            certificate=self.kafka_certificate,
            key=self.kafka_key,
            user=self.kafka_user,
            password=self.kafka_password.get_secret_value() if self.kafka_password else None,
            mechanism=self.kafka_mechanism,
        )
        return KafkaOptions(topic, access, self.kafka_compression)

    @property
    def topics_file(self) -> Path:
        return _path(self.topics, "sqlite", "the topics' file")

    def open_registry(self) -> TopicRegistry:
        """The topics as they are."""
        return TopicRegistry(self.topics_file)

    def open_topics(self) -> TopicRegistry:
        """The topics to run with; an empty file gets those of the simulated world when that is the source."""
        registry = self.open_registry()
        if "simulator" in self.source and not registry.all():
            for topic in default_topics():
                registry.add(topic)
        return registry

    def open_sources(self, spending: Spending | None = None) -> list[Source]:
        """What to listen to; with `spending` gaps of X are filled as far as it allows."""
        if not self.source or len(set(self.source)) < len(self.source):
            raise SettingError("each source can be named once, and at least one has to be; correct --source")
        return [self._open_source(name, spending) for name in self.source]

    def _open_source(self, name: SourceName, spending: Spending | None) -> Source:
        match name:
            case "replay":
                if self.file is None:
                    raise SettingError("a replay needs its file: give it, or set TWITTERHANDLER_FILE")
                return ReplaySource(self.file, speed=self.speed, retime=self.retime)
            case "x":
                return self._open_x_source(spending)
            case "bluesky":
                return self.open_bluesky()
            case "mastodon":
                return self.open_mastodon()
            case "simulator":
                return SimulatorSource(
                    seed=self.seed,
                    rate=self.rate,
                    duplicates=self.duplicates,
                    outages=self.outages,
                    dirty=self.dirty,
                    stretch=self._stretch(),
                    history=self.history,
                )

    def free_networks(self) -> Iterator[Literal["bluesky", "mastodon"]]:
        """Those that are listened to, or were."""
        if "bluesky" in self.source or "bluesky_url" in self.model_fields_set or self.position("bluesky"):
            yield "bluesky"
        if "mastodon" in self.source or self.mastodon_url or self.mastodon_token:
            yield "mastodon"

    def open_bluesky(self) -> JetstreamSource:
        return JetstreamSource(self.bluesky_url, cursor=CursorFile(self.topics_file, "bluesky"))

    def position(self, network: SourceName) -> int | None:
        """How far it was heard; None where nobody has listened."""
        return CursorFile(self.topics_file, network).load() if self.topics_file.exists() else None

    def open_mastodon(self) -> MastodonSource:
        if self.mastodon_url is None or self.mastodon_token is None:
            raise SettingError("Mastodon needs TWITTERHANDLER_MASTODON_URL and TWITTERHANDLER_MASTODON_TOKEN; set both")
        token = self.mastodon_token.get_secret_value()
        cursor = CursorFile(self.topics_file, "mastodon")
        return MastodonSource(self.mastodon_url, token, stream=self.mastodon_stream, cursor=cursor)

    def open_spending(self, registry: TopicRegistry) -> Spending | None:
        """What counts posts; None where they are not delivered by a network but played from a file."""
        return None if self.source == ("replay",) else Spending(registry, self.limits())

    def limits(self) -> Limits:
        return Limits(self.x_price, self.x_month_posts, self.x_month_money, self.until, self.x_month_fill)

    def open_estimator(self, x: XTransport | None) -> Estimator:
        """What topics would bring, by a transport that somebody else closes."""
        counts = RecentSearch(x) if x else None
        return Estimator([name for name in get_args(Network) if name != "sim"], self.limits(), counts)

    def open_x(self) -> XTransport | None:
        """To X, for who has a key; whoever takes it closes it."""
        if self.x_token is None:
            return None
        return XTransport(BearerToken(self.x_token.get_secret_value()), base_url=self.x_url)

    def _open_x_source(self, spending: Spending | None) -> XSource:
        transport = self.open_x()
        if transport is None:
            raise SettingError("X is not heard without a key: set TWITTERHANDLER_X_TOKEN to the bearer token of an app")
        fills = SearchFiller(RecentSearch(transport, patience=3), spending) if spending and self.x_month_fill else None
        cursor, connects = (CursorFile(self.topics_file, name) for name in ("x", "x connections"))
        return XSource(transport, cursor=cursor, connects=connects, filler=fills)

    def _stretch(self) -> Stretch | None:
        if self.hours is None:
            return None
        start = self.start or datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=self.hours)
        return Stretch(start.astimezone(UTC), self.hours, self.speed)


def _path(url: str, scheme: str, what: str) -> Path:
    found, _, path = url.partition(":")
    if found != scheme or not path:
        raise SettingError(f"{what} {url!r} is not known; write {scheme}:PATH")
    return Path(path)


def _option(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
