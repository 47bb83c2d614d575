"""Who writes, what is half done and what has to be folded again, in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sparkstream.errors import CheckpointError
from sparkstream.stores.base import Mark, Minute, Run, Stamp
from sparkstream.stores.sqlite.connection import Connections, bump, revision

_BEGIN = """
insert into runs (run, started) values (?, ?)
on conflict do update set started = max(started, excluded.started)
"""
_HOLD = """
insert into holds (one, holder, until) values (1, ?1, ?3)
on conflict do update set holder = excluded.holder, until = excluded.until where holder = ?1 or until <= ?2
returning 1
"""


class SqliteLedger:
    _connections: Connections

    def begin(self, stamp: Stamp) -> None:
        with self._connections.writing() as db:
            row = db.execute("select abandoned from runs where run = ?", (stamp.run,)).fetchone()
            if row and row[0]:
                raise CheckpointError(
                    "a job with a newer checkpoint has taken this store over;"
                    " go on with that one, or start with a new checkpoint"
                )
            db.execute(_BEGIN, (stamp.run, stamp.batch))
            db.execute("delete from touched where run = ? and batch < ?", (stamp.run, stamp.batch))

    def runs(self) -> dict[str, Run]:
        with self._connections.reading() as db:
            rows = db.execute("select run, started, abandoned from runs").fetchall()
        return {run: Run(started, bool(abandoned)) for run, started, abandoned in rows}

    def abandon(self, run: str) -> None:
        with self._connections.writing() as db:
            db.execute("update runs set abandoned = 1 where run = ?", (run,))
            db.execute("delete from touched where run = ?", (run,))

    def touched(self, stamp: Stamp) -> set[Minute]:
        with self._connections.reading() as db:
            return set(
                db.execute("select topic, minute from touched where run = ? and batch = ?", (stamp.run, stamp.batch))
            )

    def mark(self, minutes: Iterable[Minute]) -> None:
        rows = sorted(set(minutes))
        if rows:
            with self._connections.writing() as db:
                db.executemany("insert into marks (topic, minute) values (?, ?)", rows)
                bump(db, "master")

    def marks(self, limit: int) -> list[Mark]:
        with self._connections.reading() as db:
            rows = db.execute("select topic, minute, token from marks order by token limit ?", (limit,)).fetchall()
        return [Mark(topic, minute, str(token)) for topic, minute, token in rows]

    def settle(self, marks: Sequence[Mark]) -> None:
        with self._connections.writing() as db:
            db.executemany("delete from marks where token = ?", [(int(mark.token),) for mark in marks])
            bump(db, "master")

    def hold(self, holder: str, *, now: int, until: int) -> bool:
        with self._connections.writing() as db:
            return db.execute(_HOLD, (holder, now, until)).fetchone() is not None

    def release(self, holder: str) -> None:
        with self._connections.writing() as db:
            db.execute("delete from holds where holder = ?", (holder,))

    def holder(self, now: int) -> str | None:
        with self._connections.reading() as db:
            row = db.execute("select holder from holds where until > ?", (now,)).fetchone()
        return str(row[0]) if row else None

    def version(self) -> str:
        return revision(self._connections, "master")
