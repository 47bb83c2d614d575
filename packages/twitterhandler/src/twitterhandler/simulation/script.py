"""What the world's people talk about: `world.json` as values.

Templates have slots in braces. `{key}` is a phrase by which the topic's query finds the post, `{tag}` one of its
hashtags; a template with neither gets a hashtag at its end. Other slots are drawn from the topic's lists, then from
the common ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Mood = Literal["joy", "love", "surprise", "anger", "sadness", "fear", "neutral"]
Templates = Mapping[Mood, Sequence[str]]


@dataclass(frozen=True, slots=True)
class TopicScript:
    slug: str
    query: str
    weight: float
    account: Mapping[str, str]
    keys: Sequence[str]
    tags: Mapping[str, Sequence[str]]
    extra_tags: Sequence[str]
    nouns: Mapping[str, str]
    moods: Mapping[Mood, float]
    slots: Mapping[str, Sequence[str]]
    posts: Templates
    official: Sequence[str]


@dataclass(frozen=True, slots=True)
class SpikeScript:
    """The one event that everybody talks about for some minutes, with terms that occur at no other time."""

    topic: str
    tags: Sequence[str]
    moods: Mapping[Mood, float]
    slots: Mapping[str, Sequence[str]]
    posts: Templates


@dataclass(frozen=True, slots=True)
class Crossing:
    """Posts about two topics at once."""

    topics: Sequence[str]
    mood: Mood
    posts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Script:
    """The whole of `world.json`; `chatter` is about none of the topics though some of its words are theirs."""

    languages: Mapping[str, float]
    emoji: Mapping[Mood, Sequence[str]]
    openers: Mapping[Mood, Sequence[str]]
    closers: Sequence[str]
    domains: Sequence[str]
    slots: Mapping[str, Sequence[str]]
    topics: Sequence[TopicScript]
    spike: SpikeScript
    crossings: Sequence[Crossing]
    chatter: Sequence[str]
    comments: Templates
    reactions: Mapping[str, Templates]
    authors: Mapping[str, Mapping[str, Sequence[str]]]
    handles: Sequence[str]


@cache
def load_script() -> Script:
    content: dict[str, Any] = json.loads(files(__package__).joinpath("world.json").read_text(encoding="utf-8"))
    topics = [TopicScript(**topic) for topic in content.pop("topics")]
    crossings = [Crossing(**crossing) for crossing in content.pop("crossings")]
    return Script(topics=topics, crossings=crossings, spike=SpikeScript(**content.pop("spike")), **content)
