"""X's operators: what may stand behind them, whether they stand alone, and what our record of a post knows of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from twitterhandler.posts import Kind
from twitterhandler.query import values
from twitterhandler.query.view import PostView

Match = Callable[[PostView, str], bool]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Attributes:
        words: Its explanation; `{}` is the value.
        value: Folds what stands behind it, or says with a ValueError what must.
        match: Whether a post matches; None where a record cannot tell.
        stands_alone: Whether it says what to look for; if not it only narrows a branch that has something else.
        only_on_x: Whether other networks know nothing of the kind, though a record of X may tell.
        negatable: False where X refuses `-`; None where X refuses to do without it.
    """

    words: str
    value: Callable[[str], str]
    match: Match | None = None
    stands_alone: bool = True
    only_on_x: bool = False
    negatable: bool | None = True

    @property
    def everywhere(self) -> bool:
        """Whether topics of every network may use it."""
        return self.match is not None and not self.only_on_x


def _is(kind: Kind) -> Match:
    return lambda view, _: view.post.kind == kind


def _about(kind: Kind) -> Match:
    return lambda view, value: view.post.kind == kind and view.post.refers_to == f"x:{value}"


def _narrow(words: str, match: Match | None = None, negatable: bool | None = True) -> Operator:
    return Operator(words, values.literal, match, stands_alone=False, negatable=negatable)


_of_x = partial(Operator, match=None)

OPERATORS: Final[dict[str, Operator]] = {
    "#": Operator("the hashtag #{}", values.literal, lambda view, value: value in view.hashtags),
    "@": Operator("a mention of @{}", values.handle, lambda view, value: value in view.mentions),
    "$": Operator("the cashtag ${}", values.literal, lambda view, value: value in view.cashtags),
    "from": Operator("written by @{}", values.handle, lambda view, value: value in (view.handle, view.author_number)),
    "to": _of_x("a reply to @{}", values.handle),
    "retweets_of": _of_x("a repost of @{}", values.handle),
    "from_affiliate_of": _of_x("written by an affiliate of @{}", values.handle),
    "to_affiliate_of": _of_x("a reply to an affiliate of @{}", values.handle),
    "url": Operator(
        "a link with “{}”", values.phrase, lambda view, value: any(value in url for url in view.url_tokens)
    ),
    "url_contains": Operator(
        "a link that contains “{}”", values.literal, lambda view, value: any(value in url for url in view.urls)
    ),
    "url_title": _of_x("a link to a page titled “{}”", values.phrase),
    "url_description": _of_x("a link to a page described as “{}”", values.phrase),
    "context": _of_x("the subject {}", values.context),
    "entity": _of_x("the entity “{}”", values.phrase),
    "conversation_id": _of_x("the conversation {}", values.number),
    "bio": _of_x("an author whose biography says “{}”", values.phrase),
    "bio_name": Operator("an author named “{}”", values.phrase, lambda view, value: value in view.name_tokens),
    "bio_location": _of_x("an author who gives “{}” as the location", values.phrase),
    "place": _of_x("the place “{}”", values.phrase),
    "place_country": _of_x("a place in {}", values.country),
    "point_radius": _of_x("a place around {}", values.radius),
    "bounding_box": _of_x("a place inside {}", values.box),
    "min_followers": _of_x("an author with at least {} followers", values.number),
    "followers_count": _of_x("an author with {} followers", values.span),
    "tweets_count": _of_x("an author with {} posts", values.span),
    "following_count": _of_x("an author who follows {}", values.span),
    "listed_count": _of_x("an author on {} lists", values.span),
    "in_reply_to_tweet_id": Operator("a reply to the post {}", values.number, _about("reply"), only_on_x=True),
    "retweets_of_tweet_id": Operator("a repost of the post {}", values.number, _about("repost"), only_on_x=True),
    "source": _of_x("written with “{}”", values.literal),
    "embedding": _of_x("about “{}” by its meaning", values.literal, negatable=False),
    "embedding_threshold": _of_x("nearer to that than {}", values.share, stands_alone=False),
    "sample": _of_x("a sample of {} %", values.percent, stands_alone=False, negatable=False),
    "lang": Operator(
        "written in '{}'", values.language, lambda view, value: value in view.languages, stands_alone=False
    ),
    "is:retweet": _narrow("a repost", _is("repost")),
    "is:reply": _narrow("a reply", _is("reply")),
    "is:quote": _narrow("a quote", _is("quote")),
    "is:verified": _narrow("by a verified author"),
    "is:nullcast": _narrow("an advertisement", negatable=None),
    "has:hashtags": _narrow("with hashtags", lambda view, _: bool(view.post.hashtags)),
    "has:cashtags": _narrow("with cashtags", lambda view, _: bool(view.cashtags)),
    "has:links": _narrow("with links", lambda view, _: bool(view.post.urls)),
    "has:mentions": _narrow("with mentions", lambda view, _: bool(view.post.mentions)),
    "has:media": _narrow("with pictures or videos"),
    "has:images": _narrow("with pictures"),
    "has:video_link": _narrow("with videos"),
    "has:geo": _narrow("with a place"),
}
"""By name; those of `is:` and `has:` with their value."""

NAMES: Final = tuple(dict.fromkeys(name.partition(":")[0] for name in OPERATORS if name[0].isalpha()))

ON_X_HANDLES: Final = frozenset(("@", "from", "to", "retweets_of", "from_affiliate_of", "to_affiliate_of"))
"""Those whose value X takes only as one of its own handles, or as a number."""


def choices(name: str) -> tuple[str, ...]:
    """What may follow `is:` or `has:`; empty for operators with values of their own."""
    return tuple(key.partition(":")[2] for key in OPERATORS if key.startswith(f"{name}:"))
