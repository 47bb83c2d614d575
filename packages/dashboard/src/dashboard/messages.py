"""The parts of the view API's and trending's messages that the page reads (docs/contracts/views.md), as types.

They are not validated here: both ends are held to the contract by tests, and a message that breaks it is caught where
it is drawn.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, get_args

Window = Literal["5m", "15m", "1h", "24h", "7d"]
WINDOWS: tuple[Window, ...] = get_args(Window)
DEFAULT_WINDOW: Window = "15m"

Coverage = Literal["full", "partial", "none"]
Step = Literal["1m", "5m", "15m", "1h", "1d"]
STEP_SECONDS: dict[Step, int] = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86400}

Rated = Literal["positive", "neutral", "negative"]
RATED: tuple[Rated, ...] = get_args(Rated)


class Share(TypedDict):
    label: str
    count: int
    share: float | None
    low: float | None
    high: float | None


class Shares(TypedDict):
    sample: int
    items: list[Share]


class Summary(TypedDict):
    """What is null is not known; `counted` and `complete` are there when posts were counted for it."""

    posts: int | None
    authors: int | None
    messages: int | None
    sentiment: Shares
    emotion: Shares | None
    kinds: Shares | None
    languages: Shares | None
    coverage: Coverage
    exact: bool
    counted: NotRequired[int]
    complete: NotRequired[bool]
    previous: NotRequired[Summary]


class SeriesItem(TypedDict):
    start: str
    posts: int | None
    sentiment: dict[str, int] | None
    coverage: Coverage


class Term(TypedDict):
    term: str
    posts: int
    positive: int
    neutral: int
    negative: int
    previous: int | None
    text: NotRequired[str]
    type: NotRequired[str]


class Job(TypedDict):
    state: Literal["running", "stopped", "none", "unknown"]
    rate: float


class Layers(TypedDict):
    """`down` names the layers that an answer does without."""

    batch_until: str | None
    speed_until: str | None
    down: list[Literal["batch", "speed"]]


# Functional form: "from" is a keyword.
Tick = TypedDict(
    "Tick",
    {
        "kind": Literal["tick"],
        "topic": str,
        "window": Window | None,  # None: a fixed period, put together by `history`
        "live": bool,
        "from": str,
        "to": str,
        "step": Step,
        "at": str,
        "lag_seconds": float | None,
        "job": Job,
        "summary": Summary,
        "series": list[SeriesItem],
        "tops": dict[str, list[Term]],
        "exact": dict[str, bool],
        "posts": list[dict[str, Any]],
        "layers": Layers,
    },
)


# Functional form for the same reason.
Gap = TypedDict("Gap", {"from": str, "to": str, "reason": str, "filled": bool})


class PostPage(TypedDict):
    items: list[dict[str, Any]]
    next: str | None


class Emerging(TypedDict):
    facet: str
    term: str
    posts: int
    expected: float
    lift: float
    score: float
    text: NotRequired[str]
    type: NotRequired[str]


class Rising(TypedDict):
    """`coverage`: how much is known of the time that was compared; an older trending does not say."""

    items: list[Emerging]
    coverage: NotRequired[Coverage]
