"""What is posted at a moment: topic, author, kind, mood and text."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from twitterhandler.posts import Author, Kind, Post
from twitterhandler.simulation.cast import Cast, official
from twitterhandler.simulation.script import Mood, Script, TopicScript
from twitterhandler.simulation.writer import Draft, Writer

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_KINDS: Final[tuple[Kind, ...]] = ("original", "repost", "reply", "quote")
_KIND_SHARES: Final = (0.60, 0.80, 0.93, 1.0)
_CHATTER: Final = 0.05
_CROSSING: Final = 0.02
_OFFICIAL: Final = 0.02
_RECENT: Final = 80
_MOOD_SWING: Final = 0.5
_MOOD_SECONDS: Final = 2_700
_BRIGHT: Final = frozenset[Mood]({"joy", "love"})


@dataclass(frozen=True, slots=True)
class SimulatedPost:
    """A post (without topics: matching is for the one who listens) and the topics that it was written about."""

    post: Post
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the timeline: the post's id, its time (milliseconds since the epoch), whether it belongs to the
    spike.
    """

    id: str
    millis: int
    spiking: bool


class Teller:
    """Tells the posts of one stretch of time, in order; reposts, quotes and replies are about posts that it told."""

    def __init__(self, script: Script, cast: Cast, rng: Random) -> None:
        self._script = script
        self._cast = cast
        self._rng = rng
        self._writer = Writer(script, rng)
        self._recent: dict[str, list[SimulatedPost]] = {topic.slug: [] for topic in script.topics}

    def tell(self, slot: Slot) -> SimulatedPost:
        spike = self._script.spike
        topic = self._cast.topic(spike.topic) if slot.spiking else self._cast.draw_topic(self._rng)
        mood = _draw_mood(
            self._rng, spike.moods if slot.spiking else topic.moods, slot.millis / 1000 + topic.weight * 99
        )
        kind = self._rng.choices(_KINDS, cum_weights=_KIND_SHARES)[0]
        recent = self._recent[topic.slug]
        if kind == "original" or not recent or (slot.spiking and kind != "repost"):
            told = self._original(slot, topic, mood)
            if told.post.author != official(topic):  # a repost of it would not be `from:` the account
                for slug in told.about:
                    self._recent[slug] = [*self._recent[slug][-_RECENT:], told]
            return told
        target = recent[-1 - int(len(recent) * self._rng.random() ** 2)]
        if kind == "repost":
            return self._repost(slot, target)
        author, language = self._cast.draw_author(self._rng)
        if language == "en":
            draft = self._writer.english(topic, mood, self._script.comments)
        else:
            draft = self._writer.foreign(topic, mood, language)
        if kind == "reply":
            draft.address(target.post.author.handle)
        return _posted(slot, author, draft, [topic.slug], kind=kind, refers_to=target.post.id)

    def _original(self, slot: Slot, topic: TopicScript, mood: Mood) -> SimulatedPost:
        rng, write = self._rng, self._writer
        author, language = self._cast.draw_author(rng)
        if language != "en":
            return _posted(slot, author, write.foreign(topic, mood, language), [topic.slug])
        if slot.spiking:
            return _posted(slot, author, write.of_spike(topic, self._script.spike, mood), [topic.slug])
        drawn = rng.random()
        if drawn < _CHATTER:
            return _posted(slot, author, write.verbatim(rng.choice(self._script.chatter), "neutral"), [])
        if drawn < _CHATTER + _CROSSING:
            crossing = rng.choice(self._script.crossings)
            return _posted(slot, author, write.verbatim(rng.choice(crossing.posts), crossing.mood), crossing.topics)
        if drawn < _CHATTER + _CROSSING + _OFFICIAL:
            return _posted(slot, official(topic), write.official(topic), [topic.slug])
        return _posted(slot, author, write.english(topic, mood), [topic.slug])

    def _repost(self, slot: Slot, target: SimulatedPost) -> SimulatedPost:
        author, _ = self._cast.draw_author(self._rng)
        original = target.post
        copied = list(original.hashtags), list(original.mentions), list(original.urls)
        draft = Draft(original.text, original.lang, *copied)
        return _posted(slot, author, draft, target.about, kind="repost", refers_to=original.id)


def _draw_mood(rng: Random, moods: Mapping[Mood, float], phase: float) -> Mood:
    """A mood by its weight; the bright ones come and go in the course of three quarters of an hour."""
    swing = 1 + _MOOD_SWING * math.sin(2 * math.pi * phase / _MOOD_SECONDS)
    weights = accumulate(weight * swing if mood in _BRIGHT else weight for mood, weight in moods.items())
    return rng.choices(list(moods), cum_weights=list(weights))[0]


def _posted(
    slot: Slot,
    author: Author,
    draft: Draft,
    about: Iterable[str],
    *,
    kind: Kind = "original",
    refers_to: str | None = None,
) -> SimulatedPost:
    created_at = EPOCH + timedelta(milliseconds=slot.millis)
    post = Post(
        id=slot.id,
        network="sim",
        topics=(),
        created_at=created_at,
        received_at=created_at,
        author=author,
        text=draft.text,
        lang=draft.lang,
        kind=kind,
        refers_to=refers_to,
        hashtags=tuple(draft.hashtags),
        mentions=tuple(draft.mentions),
        urls=tuple(draft.urls),
    )
    return SimulatedPost(post, frozenset(about))
