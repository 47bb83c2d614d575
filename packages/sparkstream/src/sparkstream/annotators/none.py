"""No annotation: posts are counted, their labels are `not_rated`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NothingFound:
    entities: None = None
    keywords: None = None
    sentiment: None = None
    emotion: None = None


class NotRated:
    @property
    def versions(self) -> Mapping[str, str]:
        return {}

    def analyze(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> NothingFound:
        return NothingFound()
