"""What the API reads and answers."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from twitterhandler.clock import format_time
from twitterhandler.flow import State
from twitterhandler.posts import TopicState
from twitterhandler.query import MAX_LENGTH
from twitterhandler.topics import Network, StoppedBy

Time = Annotated[datetime, PlainSerializer(format_time, return_type=str)]


def _to_come(moment: datetime) -> datetime:
    if moment <= datetime.now(UTC):
        raise ValueError("it has passed; name a time that is still to come, or null for no end")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_to_come)]

_QUERY: Final = '"world cup" OR #WorldCup'
_SYNTAX: Final = f"X's rule syntax: words, phrases, #, @, from:, has:, lang:, …; at most {MAX_LENGTH:,} characters"
_TOPIC: Final[dict[str, Any]] = {"slug": "world-cup", "query": _QUERY, "sources": [], "languages": ["en"]}
_TOPIC_ANSWER: Final = {
    **_TOPIC,
    "reposts": True,
    "state": "started",
    "limit": 10_000,
    "until": None,
    "stopped_by": None,
    "stopped_because": None,
}

_ESTIMATE: Final[dict[str, Any]] = {
    "network": "x",
    "posts_a_day": 103.0,
    "posts_a_month": 3090.0,
    "money_a_day": 0.515,
    "money_a_month": 15.45,
    "days": [{"start": "2026-11-21T00:00:00.000Z", "end": "2026-11-22T00:00:00.000Z", "posts": 103}],
    "reason": None,
}


class TopicChange(BaseModel):
    """What may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"query": _QUERY}]})

    query: str | None = Field(None, description=_SYNTAX)
    sources: tuple[Network, ...] | None = Field(None, description="networks to listen on; empty: all")
    languages: tuple[str, ...] | None = Field(None, max_length=50, description="BCP 47 codes to keep; empty: all")
    reposts: bool | None = Field(None, description="whether plain reposts are kept")
    limit: int | None = Field(None, description="posts after which it is stopped; null: no end")
    until: Moment | None = Field(None, description="when it is stopped; null: no end")

    def fields(self) -> dict[str, Any]:
        """What was sent; null takes a limit away, and means for the rest that it stays."""
        sent = self.model_dump(exclude_unset=True, exclude={"slug", "start"})
        return {name: value for name, value in sent.items() if value is not None or name in ("limit", "until")}


class NewTopic(TopicChange):
    """A topic to make; it listens once it is started."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TOPIC]})

    slug: str = Field(max_length=100, description="letters and digits joined by `-`")
    query: str = Field(description=_SYNTAX)
    start: bool = Field(False, description="whether to start it at once")


class TopicAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_TOPIC_ANSWER]})

    slug: str
    query: str
    sources: tuple[str, ...]
    languages: tuple[str, ...]
    reposts: bool
    state: TopicState
    limit: int | None
    until: Time | None
    stopped_by: StoppedBy | None = Field(description="limit: its own, its end or the budget; null: somebody did")
    stopped_because: str | None = Field(description="which limit, and what to do to go on")


class TopicList(BaseModel):
    items: list[TopicAnswer]
    next: str | None = None


class SpanAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    start: Time
    end: Time
    posts: int


class EstimateAnswer(BaseModel):
    """Of one network; null is what cannot be told."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_ESTIMATE]})

    network: str
    posts_a_day: float | None
    posts_a_month: float | None = Field(description="30 days")
    money_a_day: float | None = Field(description="null: the price of a post is not set; 0: posts cost nothing")
    money_a_month: float | None
    days: tuple[SpanAnswer, ...] = Field(description="what X counted in the last seven days")
    reason: str | None = Field(description="why something is null")


class EstimateList(BaseModel):
    items: list[EstimateAnswer]
    next: None = None


class QueryQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"query": _QUERY}]})

    query: str = Field(max_length=65_536, description="as it is being typed")
    sources: tuple[str, ...] = Field((), max_length=20, description="networks that are to answer it; empty: all")


class EstimateQuestion(BaseModel):
    """What a topic would have that looks for it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"query": _QUERY, "sources": ["x"]}]})

    query: str = Field(max_length=65_536, description=_SYNTAX)
    sources: tuple[Network, ...] = Field((), description="networks to listen on; empty: all")
    languages: tuple[str, ...] = Field((), max_length=50, description="BCP 47 codes to keep; empty: all")
    reposts: bool = Field(True, description="whether plain reposts are kept")


class ValidQuery(BaseModel):
    valid: Literal[True] = True
    explanation: str = Field(description="in words, for people", examples=["“world cup” or the hashtag #worldcup"])


class InvalidQuery(BaseModel):
    valid: Literal[False] = False
    position: int = Field(description="index of the character at fault: code points, from 0", examples=[4])
    message: str = Field(description="what is wrong, then what to do", examples=["this `(` is never closed; add a `)`"])


class CountsAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    posts: int = Field(description="handed to the queue, repeats of replay and simulator included")
    repeats: int = Field(description="dropped: a live network sent the same id again")
    unmatched: int = Field(description="dropped: no started topic wants them")
    dead: int = Field(description="lines that could not be read")
    by_topic: dict[str, int]


class TopicSpendingAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    posts: int = Field(description="since the topic was made, on all networks")
    money: float | None = Field(description="for those of X; a post of two topics is in both")


class BudgetAnswer(BaseModel):
    """What X was paid in this month of UTC; money is null while the price of a post is not set."""

    model_config = ConfigDict(from_attributes=True)

    posts: int = Field(description="that X billed: each once a day, however many topics it has")
    money: float | None
    most_posts: int | None = Field(description="in a month; then topics on X are stopped")
    price: float | None = Field(description="of one post of X, in whatever currency")
    until: Time | None = Field(description="when every topic is stopped")
    topics: dict[str, TopicSpendingAnswer] = Field(description="all topics")


class FlowAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    source: str
    state: State
    failure: str | None
    started_at: Time | None
    last_post_at: Time | None
    rate: float = Field(description="posts a second, last 10 s")
    counts: CountsAnswer


class GapAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True, populate_by_name=True)

    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    topics: tuple[str, ...]
    reason: str
    filled: bool


class HealthAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    connected: bool | None = Field(description="whether the network is heard now; null while nobody listens")
    rules: int | None = Field(description="how many of our rules the network has; null where there are none")
    troubles: tuple[str, ...] = Field(description="what keeps something from being heard, and what to do")


class SourceAnswer(FlowAnswer):
    """One source; `health` is null of those that are always well, as a file is."""

    health: HealthAnswer | None
    gaps: tuple[GapAnswer, ...] = Field(description="the last ones, oldest first")


class StatusAnswer(FlowAnswer):
    """All sources together, then each; together they have failed when one has."""

    position: int = Field(description="how far the queue reaches")
    waiting: str | None = Field(description="what the queue waits for, in words; null while records go through")
    spilled: int = Field(description="bytes that wait on the collector's disk for a queue that is away")
    sources: list[SourceAnswer] = Field([], description="each of them")
    budget: BudgetAnswer | None = Field(None, description="null: nothing is counted, as for a replay")


class Ready(BaseModel):
    ready: bool = True
