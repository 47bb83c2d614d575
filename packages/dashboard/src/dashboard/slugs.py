"""The name of a topic as the queue's contract makes a slug of it (docs/contracts/queue.md)."""

from __future__ import annotations

import re
import unicodedata

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def slug(name: str) -> str:
    """`FIFA World Cup` is `fifa-world-cup`; empty when there is neither a letter nor a digit in it."""
    return _NOT_ALPHANUMERIC.sub("-", unicodedata.normalize("NFKC", name).casefold()).strip("-")
