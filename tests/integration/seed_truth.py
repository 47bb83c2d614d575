"""What the views have to say of a simulated day: counted from a seed's posts, without the job's counting code."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sparkstream import cleaning
from sparkstream.annotation import EMOTIONS
from sparkstream.testing import KnownAnnotator
from twitterhandler.posts import Post
from twitterhandler.testing import SimulatedDay

FACETS = ("keyword", "entity", "hashtag", "mention", "domain", "emoji", "word")


@dataclass
class Truth:
    """Of one topic in one period."""

    posts: int = 0
    authors: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    sentiment: Counter[str] = field(default_factory=Counter)
    emotion: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    terms: dict[str, Counter[str]] = field(default_factory=lambda: {facet: Counter() for facet in FACETS})
    rated: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: {facet: Counter() for facet in FACETS})


@dataclass(frozen=True)
class Seen:
    """One post with what the annotator is known to find in it."""

    post: Post
    millis: int
    message: str
    sentiment: str
    emotion: str
    terms: Mapping[str, frozenset[str]]


def moment(day: SimulatedDay, post: Post) -> int:
    """When it counts, milliseconds: when it was written, or received where it claims a time to come."""
    return milliseconds(day.counted_at.get(post.id, post.created_at))


def seen(post: Post, millis: int) -> Seen:
    analysis = KnownAnnotator().analyze([post.text], [post.lang])
    assert analysis.emotion[0].label in EMOTIONS
    return Seen(
        post=post,
        millis=millis,
        message=message(post.text),
        sentiment=analysis.sentiment[0].label,
        emotion=analysis.emotion[0].label,
        terms={
            "keyword": frozenset(word.text.casefold() for word in analysis.keywords[0]),
            "entity": frozenset(f"{entity.type}:{entity.text}" for entity in analysis.entities[0]),
            "hashtag": frozenset(tag.casefold() for tag in post.hashtags),
            "mention": frozenset(handle.casefold() for handle in post.mentions),
            "domain": frozenset(re.findall(r"^https?://(?:www\.)?([^/?#]+)", "\n".join(post.urls), re.MULTILINE)),
            "emoji": frozenset(cleaning.emoji(post.text)),
            "word": frozenset(cleaning.words(post.text, post.lang)),
        },
    )


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def message(text: str) -> str:
    """What stays of a text when it is passed on: no mark of a repost, no addresses, no spacing, no case."""
    bare = re.sub(r"https?://\S+|@\w+", " ", re.sub(r"^RT @\w+:? *", "", text))
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().split())


def truths(day: SimulatedDay, step: int, topic: str) -> dict[int, Truth]:
    """By the start of the period, milliseconds; which posts a topic has is the world's own knowledge."""
    return count((seen(post, moment(day, post)) for post in day.posts if post.id in day.expected[topic]), step)


def count(posts: Iterable[Seen], step: int) -> dict[int, Truth]:
    found: dict[int, Truth] = {}
    for one in posts:
        truth = found.setdefault(one.millis - one.millis % step, Truth())
        truth.posts += 1
        truth.authors.add(one.post.author.id)
        truth.messages.add(one.message)
        truth.sentiment[one.sentiment] += 1
        truth.emotion[one.emotion] += 1
        truth.kinds[one.post.kind] += 1
        truth.languages[one.post.lang] += 1
        for facet, terms in one.terms.items():
            truth.terms[facet].update(terms)
            truth.rated[facet].update((term, one.sentiment) for term in terms)
    return found
