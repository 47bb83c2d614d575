"""The keys. None is ever read back into its parts, so a topic may hold any character.

| key | type | holds |
| --- | --- | --- |
| life | string | written once: who finds another one has lost the sums |
| revision | string | counts the writes |
| applied | hash | run → its last batch that is in the sums |
| newest | hash | topic → the latest event time |
| dirty | sorted set | periods to fold again |
| status | string | what the job says of itself |
| starts:STEP:TOPIC | sorted set | the periods that there are |
| open:STEP:TOPIC | sorted set | those that have not closed |
| period:STEP:START:TOPIC | hash | posts, closed, cut, counts, sketches |
| terms:STEP:START:FACET:COLUMN:TOPIC | sorted set | term → minus its count, so that ties are in the order of terms |
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "sparkstream:"
COLUMNS: Final = ("posts", "positive", "neutral", "negative")
LIFE: Final = f"{PREFIX}life"
REVISION: Final = f"{PREFIX}revision"
APPLIED: Final = f"{PREFIX}applied"
NEWEST: Final = f"{PREFIX}newest"
DIRTY: Final = f"{PREFIX}dirty"
STATUS: Final = f"{PREFIX}status"


def starts(topic: str, step: int) -> str:
    return f"{PREFIX}starts:{step}:{topic}"


def period(topic: str, step: int, start: int) -> str:
    return f"{PREFIX}period:{step}:{start}:{topic}"


def terms(topic: str, step: int, start: int, facet: str, column: str) -> str:
    return f"{PREFIX}terms:{step}:{start}:{facet}:{column}:{topic}"


def opened(topic: str, step: int) -> str:
    return f"{PREFIX}open:{step}:{topic}"
