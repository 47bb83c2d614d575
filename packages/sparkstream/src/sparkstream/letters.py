"""Dead letters that can be read by now, as after a fix: they go the way of every other line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import islice
from typing import Final

from sparkstream.annotation import Annotator
from sparkstream.holding import Hold
from sparkstream.refolding import refold_without_job
from sparkstream.schema import DeadLetter, Post, parse
from sparkstream.stage import Line, run_stage
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Stamp
from sparkstream.times import MINUTE, floor

_LETTERS: Final = 100_000
_AT_ONCE: Final = 1_000


def replay(store: LayeredStore, annotator: Annotator, clock: Callable[[], int]) -> int:
    """Read all dead letters again; those that are records now are written, and are dead letters no more.

    Their posts are not added to the views but marked, so the job may run beside it: it folds their minutes. Returns how
    many letters there were of these.
    """
    stamp = Stamp(f"replay-{uuid.uuid4().hex[:8]}", 0)
    hold, raised = Hold(store.master, "a replay of dead letters", clock), 0
    with hold:
        letters = iter(store.master.dead_letters(_LETTERS)[::-1])
        while some := list(islice(letters, _AT_ONCE)):
            lines = [Line(letter.id, letter.raw.encode("utf-8", "surrogatepass")) for letter in some]
            read = {line.place: parse(line.value, place=line.place, now=clock()) for line in lines}
            good = [line for line in lines if not isinstance(read[line.place], DeadLetter)]
            posts = [record for record in read.values() if isinstance(record, Post)]
            store.master.mark({(topic, floor(post.event_time, MINUTE)) for post in posts for topic in post.topics})
            run_stage(good, stamp, store.master, annotator, now=clock())
            store.master.drop_dead_letters([line.place for line in good])
            raised += len(good)
            hold.prolong()
    refold_without_job(store, clock())
    return raised
