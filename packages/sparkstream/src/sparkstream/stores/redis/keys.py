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
| terms:STEP:START:FACET:TOPIC | hash | term → its counts in one value: posts, positive, neutral, negative |

When what they hold changes, the number in their prefix does: old sums are not found then, but folded anew from the
master set as if they were lost, and removed by the `clear` that comes before that.
"""

from __future__ import annotations

import struct
from typing import Final

EVERY: Final = "sparkstream:"
"""What the keys of all layouts begin with."""
PREFIX: Final = f"{EVERY}2:"
VALUE: Final = struct.Struct("<4I")
"""Of the counts of a term."""
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


def terms(topic: str, step: int, start: int, facet: str) -> str:
    return f"{PREFIX}terms:{step}:{start}:{facet}:{topic}"


def opened(topic: str, step: int) -> str:
    return f"{PREFIX}open:{step}:{topic}"
