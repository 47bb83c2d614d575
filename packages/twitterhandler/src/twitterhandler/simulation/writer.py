"""How the world's people write: one text from templates, slots and a mood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from twitterhandler.simulation.script import Mood, Script, SpikeScript, Templates, TopicScript

_OPENER: Final = 0.22
_CLOSER: Final = 0.12
_EMOJI: Final = 0.4
_EXTRA_TAG: Final = 0.28
_URL: Final = {"neutral": 0.45}
_URL_OTHERWISE: Final = 0.07


@dataclass(slots=True)
class Draft:
    """A text and what was put into it."""

    text: str
    lang: str = "en"
    hashtags: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def add_tag(self, tag: str) -> None:
        if tag not in self.hashtags:
            self.hashtags.append(tag)
            self.text += f" #{tag}"

    def address(self, handle: str) -> None:
        """Makes it a reply to `handle`."""
        self.text = f"@{handle} {self.text}"
        self.mentions.insert(0, handle)


class Writer:
    """Writes with the randomness that it was given; each draft is found by the query of its topic unless it is
    chatter.
    """

    def __init__(self, script: Script, rng: Random) -> None:
        self._script = script
        self._rng = rng

    def english(self, topic: TopicScript, mood: Mood, templates: Templates | None = None) -> Draft:
        template = self._rng.choice((templates or topic.posts)[mood])
        draft = self._fill(template, topic, topic.slots, topic.tags["en"])
        return self._dress(draft, topic, mood)

    def of_spike(self, topic: TopicScript, spike: SpikeScript, mood: Mood) -> Draft:
        draft = self._fill(self._rng.choice(spike.posts[mood]), topic, {**topic.slots, **spike.slots}, topic.tags["en"])
        if self._rng.random() < 0.6:
            draft.add_tag(self._rng.choice(spike.tags))
        return self._dress(draft, topic, mood)

    def foreign(self, topic: TopicScript, mood: Mood, language: str) -> Draft:
        template = self._rng.choice(self._script.reactions[language][mood])
        tags = topic.tags.get(language, topic.tags["en"])
        draft = self._fill(template, topic, {"noun": [topic.nouns[language]]}, tags)
        draft.lang = language
        self._add_emoji(draft, mood)
        return draft

    def official(self, topic: TopicScript) -> Draft:
        rng = self._rng
        draft = Draft("")
        slots = _Slots(draft, rng, topic, {**self._script.slots, **topic.slots}, topic.tags["en"])
        draft.text = _capital(rng.choice(topic.official).format_map(slots))
        self._add_url(draft, 0.5)
        return draft

    def verbatim(self, text: str, mood: Mood) -> Draft:
        """A text as it stands, its hashtags found by their `#`."""
        draft = Draft(text, hashtags=[word[1:] for word in text.split() if word[0] == "#"])
        self._add_emoji(draft, mood)
        return draft

    def _fill(
        self, template: str, topic: TopicScript, slots: Mapping[str, Sequence[str]], tags: Sequence[str]
    ) -> Draft:
        draft = Draft("")
        draft.text = _capital(
            template.format_map(_Slots(draft, self._rng, topic, {**self._script.slots, **slots}, tags))
        )
        if "{key}" not in template and not draft.hashtags:
            draft.add_tag(self._rng.choice(tags))
        return draft

    def _dress(self, draft: Draft, topic: TopicScript, mood: Mood) -> Draft:
        rng = self._rng
        if rng.random() < _OPENER:
            draft.text = f"{rng.choice(self._script.openers[mood])} {draft.text}"
        if rng.random() < _CLOSER:
            end = "" if draft.text[-1] in ".!?" or draft.text.endswith(tuple(draft.hashtags)) else "."
            draft.text = f"{draft.text}{end} {rng.choice(self._script.closers)}"
        self._add_emoji(draft, mood)
        if rng.random() < _EXTRA_TAG:
            draft.add_tag(rng.choice(topic.extra_tags if rng.random() < 0.5 else topic.tags["en"]))
        self._add_url(draft, _URL.get(mood, _URL_OTHERWISE))
        return draft

    def _add_emoji(self, draft: Draft, mood: Mood) -> None:
        if self._rng.random() < _EMOJI:
            draft.text += f" {self._rng.choice(self._script.emoji[mood])}"

    def _add_url(self, draft: Draft, share: float) -> None:
        if self._rng.random() < share:
            url = f"https://{self._rng.choice(self._script.domains)}/{self._rng.randrange(16**6):06x}"
            draft.urls.append(url)
            draft.text += f" {url}"


class _Slots:
    """Answers `str.format_map`: draws a value for each slot, another one when the same slot comes twice."""

    def __init__(
        self, draft: Draft, rng: Random, topic: TopicScript, lists: Mapping[str, Sequence[str]], tags: Sequence[str]
    ) -> None:
        self._draft = draft
        self._rng = rng
        self._topic = topic
        self._lists = lists
        self._tags = tags
        self._drawn: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        match name:
            case "key":
                return self._rng.choice(self._topic.keys)
            case "tag":
                tag = self._rng.choice(self._tags)
                if tag not in self._draft.hashtags:
                    self._draft.hashtags.append(tag)
                return f"#{tag}"
            case "account":
                handle = self._topic.account["handle"]
                self._draft.mentions.append(handle)
                return handle
        value = self._rng.choice(self._lists[name])
        while value == self._drawn.get(name) and len(self._lists[name]) > 1:
            value = self._rng.choice(self._lists[name])
        self._drawn[name] = value
        return value


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
