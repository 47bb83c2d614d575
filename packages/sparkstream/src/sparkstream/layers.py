"""What a micro-batch adds to the speed views, and how these are made whole again. One job at a time.

The master set is the truth. The speed views have every row of it that the batch views do not have yet, but for those of
the batch in flight; where their stamps say otherwise they are folded anew from the master set.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sparkstream.errors import CheckpointError
from sparkstream.rollups import fold_periods
from sparkstream.stores import LayeredStore
from sparkstream.stores.base import Delta, JobStatus, Stamp
from sparkstream.times import DAY, floor

_log = logging.getLogger(__name__)


def apply_batch(store: LayeredStore, stamp: Stamp, deltas: Sequence[Delta], status: JobStatus) -> None:
    """Add the deltas of a batch whose posts are in the master set.

    Those that are older than the speed views, or than what a running batch folds, are marked instead. The pointers are
    read now, after the posts were written: a batch that did not see them announced its border before.
    """
    pointers = store.batch.pointers()
    border = {topic: max(pointer.until, pointer.announced) for topic, pointer in pointers.items()}
    until = {topic: pointer.until for topic, pointer in pointers.items()}
    store.master.mark((delta.topic, delta.minute) for delta in deltas if delta.minute < border.get(delta.topic, 0))
    store.speed.apply(stamp, [delta for delta in deltas if delta.minute >= until.get(delta.topic, 0)], status)


def in_flight(store: LayeredStore, run: str | None = None) -> bool:
    """Whether a batch, of this run or of any that goes on, may have written to the master set and is not applied."""
    runs, applied = store.master.runs(), store.speed.applied()
    return any(
        state.started > applied.get(name, -1)
        for name, state in runs.items()
        if name == run or (run is None and not state.abandoned)
    )


def half_done(store: LayeredStore) -> frozenset[Stamp]:
    """The batches whose rows are in the master set and not in the sums: their deltas are still to come."""
    runs, applied = store.master.runs(), store.speed.applied()
    return frozenset(
        Stamp(run, state.started)
        for run, state in runs.items()
        if not state.abandoned and state.started > applied.get(run, -1)
    )


def settles(store: LayeredStore, now: int) -> bool:
    """Whether marks that were read before may be settled: nobody has been changing the master set since."""
    return store.master.holder(now) is None and not in_flight(store)


def recover(store: LayeredStore, run: str, committed: int) -> None:
    """Take the store over for a run whose checkpoint has committed batches up to this one.

    Raises:
        CheckpointError: the store and the checkpoint do not belong together, or another run has taken over since.
    """
    runs, applied = store.master.runs(), store.speed.applied()
    started = runs[run].started if run in runs else -1
    if run in runs and runs[run].abandoned:
        raise CheckpointError(
            "a job with a newer checkpoint has taken this store over;"
            " go on with that one, or start with a new checkpoint"
        )
    if started < committed:
        raise CheckpointError(
            f"the store has not seen what came before batch {committed + 1} of this checkpoint;"
            " go on with the store that has, or start with a new checkpoint: it reads the queue from the start"
        )
    if started > committed + 1:
        raise CheckpointError(
            f"the store has seen batch {started}, the checkpoint only {committed}: it is an old copy;"
            " start with a new checkpoint: it reads the queue from the start, and counts nothing twice"
        )
    stale = applied.get(run, -1) < committed
    for other, state in runs.items():
        if other != run:
            stale = stale or applied.get(other, -1) < state.started - 1
            _take_over(store, Stamp(other, state.started), half_done=applied.get(other, -1) < state.started)
    if stale:
        _log.warning("the speed views have lost batches: they are folded again from the master set")
        rebuild(store, in_flight=Stamp(run, committed + 1))
        done = {other: state.started for other, state in runs.items() if other != run}
        store.speed.restore(done | ({run: committed} if committed >= 0 else {}))


def _take_over(store: LayeredStore, last: Stamp, *, half_done: bool) -> None:
    if store.master.runs()[last.run].abandoned:
        return
    if half_done:
        minutes = store.master.touched(last)
        _log.info("an earlier run left a batch half done: %d minutes are folded again", len(minutes))
        store.master.mark(minutes)
    store.master.abandon(last.run)


def rebuild(store: LayeredStore, *, in_flight: Stamp) -> None:
    """Fold the speed views anew, without the rows of a batch that will come again; their stamps are left to the caller.

    Until these are there the views are known not to be whole, so a kill leads here again.
    """
    store.speed.clear()
    for event in store.master.topic_events():
        ends, until = store.master.ends(event.slug), store.batch.pointer(event.slug).until
        if ends is None:
            continue
        for day in range(floor(max(ends.first, until), DAY), ends.last + 1, DAY):
            posts = store.master.scan(event.slug, max(day, until), day + DAY)
            sums = fold_periods(stored.post for stored in posts if stored.stamp != in_flight)
            store.speed.replace(event.slug, list(sums.items()))
