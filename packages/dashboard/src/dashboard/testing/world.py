"""A made-up world that moves: what is posted in a minute depends on the topic and the minute, on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import pi, sin
from operator import itemgetter
from random import Random
from typing import Any, Final

PEOPLE: Final = ("Mara Lindqvist", "Tomas Okoro", "Ines Vidal", "Kenji Arai", "Priya Raman", "Leo Brandt")
PLACES: Final = ("Port Ellery", "Old Harbour", "Norvale", "San Aurelio")
TEAMS: Final = ("Ferrow FC", "Norvale United", "Harbour Athletic", "Copper Lane Radio")
KEYWORDS: Final = (
    "penalty shootout",
    "late equaliser",
    "home crowd",
    "red card",
    "extra time",
    "goalkeeper save",
    "stadium lights",
    "ticket prices",
    "night bus",
    "opening ceremony",
    "injury time",
    "team sheet",
    "half time show",
    "video referee",
)
HASHTAGS: Final = (
    "finalnight",
    "ferrowfc",
    "norvale",
    "goal",
    "matchday",
    "penalties",
    "portellery",
    "cupfever",
    "latewinner",
    "fanzone",
    "onelastsong",
    "underthelights",
)
WORDS: Final = (
    "goal",
    "keeper",
    "crowd",
    "minute",
    "tonight",
    "referee",
    "finally",
    "loud",
    "team",
    "again",
    "never",
    "whistle",
    "cheer",
    "unbelievable",
)
AUTHORS: Final = ("ada", "bo", "cleo", "dev", "emre", "fay", "gus", "hana")
_PRAISE: Final = (
    "What a {kw}! {who} was magnificent tonight",
    "Cannot stop smiling after that {kw} in {place}",
    "{who}, take a bow. The {kw} was worth every minute 🎉",
)
_BLAME: Final = (
    "That {kw} ruined the evening, and {who} knows it",
    "Two hours in the rain at {place} for this {kw}? Never again",
    "The {kw} is a disgrace, {team}",
)
_PLAIN: Final = (
    "{who} on the {kw}: more after the break",
    "{team} at {place}, {kw} under way",
    "Anybody near {place} following the {kw}?",
)
_LANGUAGES: Final = ("en", "en", "en", "en", "es", "pt", "de", "und")
_EMOTIONS: Final = {
    "positive": ("joy", "joy", "love", "surprise"),
    "negative": ("anger", "sadness", "fear", "anger"),
    "neutral": ("none", "none", "surprise"),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """How lively a topic is, and until when."""

    slug: str
    query: str | None
    per_minute: float
    ended: datetime | None = None
    gap_minute: int | None = None  # of each hour: nothing was heard in it, and not all in the next
    began: datetime | None = None
    stopped_because: str | None = None  # of one that has ended: which limit did it
    extra: tuple[dict[str, Any], ...] = ()  # posts beside the made-up ones


TOPICS: Final = {
    topic.slug: topic
    for topic in (
        Topic("world-cup", '"world cup" OR #FinalNight', 46, gap_minute=37),
        Topic("city-marathon", "marathon -is:repost", 9),
        Topic("film-festival", None, 14, ended=datetime(2026, 2, 24, 22, 31, tzinfo=UTC)),
        Topic("just-started", "#justStarted", 0),
    )
}


def posts_of(topic: Topic, minute: datetime) -> tuple[dict[str, Any], ...]:
    """The annotated posts of one minute, oldest first."""
    extra = tuple(post for post in topic.extra if post["created_at"][:16] == f"{minute:%Y-%m-%dT%H:%M}")
    if topic.per_minute == 0 or (topic.ended is not None and minute > topic.ended):
        return extra
    if topic.began is not None and minute < topic.began - timedelta(minutes=1):
        return extra
    return tuple(sorted((*_posts(topic, minute), *extra), key=itemgetter("created_at")))


def _posts(topic: Topic, minute: datetime) -> tuple[dict[str, Any], ...]:
    return _made_up(topic.slug, topic.per_minute, topic.gap_minute, minute)


@lru_cache(maxsize=4096)
def _made_up(slug: str, per_minute: float, gap_minute: int | None, minute: datetime) -> tuple[dict[str, Any], ...]:
    random = Random(f"{slug} {minute.isoformat()}")
    tide = 1 + 0.45 * sin(2 * pi * minute.timestamp() / 1500)
    heard = 0.0 if gap_minute == minute.minute else 0.4 if gap_minute == minute.minute - 1 else 1.0
    number = round(heard * tide * per_minute * random.uniform(0.75, 1.25))
    seconds = sorted(random.uniform(0, 59.9) for _ in range(number))
    return tuple(_post(random, slug, minute + timedelta(seconds=second), index) for index, second in enumerate(seconds))


def _post(random: Random, slug: str, at: datetime, index: int) -> dict[str, Any]:
    mood = random.choices(("positive", "neutral", "negative", "not_rated"), (46, 24, 22, 8))[0]
    emotion = random.choice(_EMOTIONS[mood]) if mood in _EMOTIONS else "not_rated"
    keyword, who, place, team = (
        _zipf(random, KEYWORDS),
        _zipf(random, PEOPLE),
        _zipf(random, PLACES),
        _zipf(random, TEAMS),
    )
    tags = [_zipf(random, HASHTAGS)] if random.random() < 0.7 else []
    pattern = random.choice({"positive": _PRAISE, "negative": _BLAME}.get(mood, _PLAIN))
    text = pattern.format(kw=keyword, who=who, place=place, team=team) + "".join(f" #{tag}" for tag in tags)
    author = f"{_zipf(random, AUTHORS)}_{int(random.paretovariate(0.6)) % 400}"
    entities = [(kind, name) for kind, name in (("PERSON", who), ("PLACE", place), ("ORG", team)) if name in text]
    stamp = f"{at:%Y%m%d%H%M}{index:03d}"
    return {
        "id": f"sim:{stamp}",
        "version": 0,
        "network": "sim",
        "topics": [slug],
        "created_at": _iso(at),
        "received_at": _iso(at),
        "author": {"id": f"sim:{author}", "handle": author, "name": author.title()},
        "text": text,
        "lang": _LANGUAGES[sum(map(ord, author)) % len(_LANGUAGES)],
        "kind": random.choices(("original", "reply", "quote", "repost"), (6, 2, 1, 1))[0],
        "refers_to": None,
        "hashtags": tags,
        "mentions": [],
        "urls": [],
        "permalink": f"https://social.example/{author}/{stamp}" if index % 2 else None,
        "sentiment": {"label": mood, "confidence": 0.0 if mood == "not_rated" else 0.8},
        "emotion": {"label": emotion, "confidence": 0.6},
        "entities": [{"text": name, "type": kind} for kind, name in entities],
        "keywords": [{"text": keyword, "score": 0.05}],
        "words": random.sample(WORDS, 3),
        "domains": [],
        "emoji": [],
        "message_key": "0" * 16,
        "models": {"sentiment": "0.1.0"},
        "stamp": "run:1",
    }


def _zipf(random: Random, choices: tuple[str, ...]) -> str:
    return random.choices(choices, [1 / (rank + 1.6) for rank in range(len(choices))])[0]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
