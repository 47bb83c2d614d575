"""Who posts: a few hundred made-up people, some of whom post a lot, and each topic's official account."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

from twitterhandler.posts import Author
from twitterhandler.simulation.script import Script, TopicScript

PEOPLE: Final = 600
_ZIPF_EXPONENT: Final = 0.85
_HANDLE_LENGTH: Final = 15
_NOT_IN_HANDLES = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class _Community:
    """People of one language; `cumulative` weighs them by Zipf's law: the first post most."""

    members: Sequence[Author]
    cumulative: Sequence[float]


class Cast:
    """The people and what they may talk about; who they are follows from the seed."""

    def __init__(self, script: Script, seed: int) -> None:
        rng = Random(f"people:{seed}")
        total = sum(script.languages.values())
        number = 0
        self._communities: dict[str, _Community] = {}
        for language, weight in script.languages.items():
            size = max(5, round(PEOPLE * weight / total))
            members = [_person(script, language, number + rank, rng) for rank in range(1, size + 1)]
            weights = ((rank + 2) ** -_ZIPF_EXPONENT for rank in range(size))
            self._communities[language] = _Community(members, list(accumulate(weights)))
            number += size
        self._languages = list(script.languages)
        self._language_weights = list(accumulate(script.languages.values()))
        self._topics = {topic.slug: topic for topic in script.topics}
        self._topic_list = list(script.topics)
        self._topic_weights = list(accumulate(topic.weight for topic in script.topics))

    def draw_author(self, rng: Random) -> tuple[Author, str]:
        """Somebody and the language that they write."""
        language = rng.choices(self._languages, cum_weights=self._language_weights)[0]
        community = self._communities[language]
        return rng.choices(community.members, cum_weights=community.cumulative)[0], language

    def draw_topic(self, rng: Random) -> TopicScript:
        return rng.choices(self._topic_list, cum_weights=self._topic_weights)[0]

    def topic(self, slug: str) -> TopicScript:
        return self._topics[slug]


def official(topic: TopicScript) -> Author:
    return Author(id=f"sim:official-{topic.slug}", handle=topic.account["handle"], name=topic.account["name"])


def _person(script: Script, language: str, number: int, rng: Random) -> Author:
    names = script.authors[language]
    first, last = rng.choice(names["first"]), rng.choice(names["last"])
    name = f"{last} {first}" if language == "ja" else f"{first} {last}"
    handle = (_latin(first) or language) + rng.choice(["", "_"]) + (_latin(last) or rng.choice(script.handles))
    return Author(id=f"sim:{number}", handle=f"{handle[: _HANDLE_LENGTH - len(str(number))]}{number}", name=name)


def _latin(name: str) -> str:
    return _NOT_IN_HANDLES.sub("", unicodedata.normalize("NFKD", name).lower())
