"""The ids of the page's elements: what Python lays out, `view` writes to and the assets paint."""

from __future__ import annotations

from typing import Final

TOPIC: Final = "topic"
WINDOW: Final = "window"
SCHEME: Final = "scheme"
SHOWN_SCHEME: Final = "shown-scheme"
PAUSE: Final = "pause"
MAIN: Final = "main"

HEADING: Final = "heading"
QUERY: Final = "query"
PERIOD: Final = "period"
STATUS: Final = "status"
STATUS_AGE: Final = "status-age"
EMPTY_TITLE: Final = "empty-title"
EMPTY_TEXT: Final = "empty-text"

VOLUME: Final = "volume"
VOLUME_DATA: Final = "volume-data"
STEPS: Final = "steps"
STEP_SAID: Final = "step-said"
VOLUME_CAPTION: Final = "volume-caption"
TEMPLATES: Final = "templates"

POSTS_NOW: Final = "posts-now"
POSTS_CHANGE: Final = "posts-change"
POSTS_BEFORE: Final = "posts-before"
AUTHORS_NOW: Final = "authors-now"
AUTHORS_CHANGE: Final = "authors-change"
AUTHORS_BEFORE: Final = "authors-before"
SENTIMENT_SAMPLE: Final = "sentiment-sample"
COVERAGE: Final = "coverage"
DELIVERY: Final = "delivery"

SPLIT: Final = "split"
EMOTIONS: Final = "emotions"
EMOTION_SAMPLE: Final = "emotion-sample"
KINDS: Final = "kinds"
KIND_SAMPLE: Final = "kind-sample"
LANGUAGES: Final = "languages"
LANGUAGE_SAMPLE: Final = "language-sample"
LANGUAGE_NOTE: Final = "language-note"
RISING: Final = "rising"
RISING_NOTE: Final = "rising-note"

POSTS: Final = "posts"
POSTS_WAITING: Final = "posts-waiting"
POSTS_SCROLL: Final = "posts-scroll"
POSTS_MORE: Final = "posts-more"
POSTS_END: Final = "posts-end"

SEARCH: Final = "search"
CHIPS: Final = "chips"
TOPIC_STATE: Final = "topic-state"
TOPIC_BECAUSE: Final = "topic-because"
TOPIC_NEW: Final = "topic-new"
TOPIC_EDIT: Final = "topic-edit"
RETRY: Final = "retry"

FACETS: Final = ("keyword", "entity", "hashtag", "word")


def facet(name: str) -> str:
    return f"facet-{name}"


def facet_note(name: str) -> str:
    return f"facet-{name}-note"


def sentiment_count(label: str) -> str:
    return f"{label}-count"


def share(label: str) -> str:
    return f"{label}-share"


def share_interval(label: str) -> str:
    return f"{label}-interval"


def share_change(label: str) -> str:
    return f"{label}-change"
