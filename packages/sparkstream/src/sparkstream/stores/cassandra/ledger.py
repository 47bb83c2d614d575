"""Who writes, what is half done and what has to be folded again, in Cassandra."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sparkstream.errors import CheckpointError
from sparkstream.stores.base import Mark, Minute, Run, Stamp
from sparkstream.stores.cassandra.connection import Connection
from sparkstream.stores.cassandra.marks import CassandraMarks
from sparkstream.stores.cassandra.posts import CassandraPosts


class CassandraLedger(CassandraPosts):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._marks = CassandraMarks(connection)

    def begin(self, stamp: Stamp) -> None:
        row = self._run(stamp.run)
        started = max(row.started, stamp.batch) if row else stamp.batch
        begun = (
            self._connection.applied(
                "update runs set started = ? where run = ? if abandoned = false", started, stamp.run
            )
            if row
            else self._connection.applied(
                "insert into runs (run, started, abandoned) values (?, ?, false) if not exists", stamp.run, started
            )
        )
        if not begun and self._run(stamp.run) != Run(started, abandoned=False):  # the driver made it twice
            raise CheckpointError(
                "a job with a newer checkpoint has taken this store over;"
                " go on with that one, or start with a new checkpoint"
            )
        if row and row.started < stamp.batch:
            self._connection.execute("delete from touched where run = ? and batch_id = ?", stamp.run, row.started)
        elif row:
            self.touched(stamp)  # it comes again: what it left half written is to be found by its id

    def runs(self) -> dict[str, Run]:
        rows = self._connection.rows("select run, started, abandoned from runs")
        return {run: Run(started, abandoned) for run, started, abandoned in rows}

    def abandon(self, run: str) -> None:
        self._connection.applied("update runs set abandoned = true where run = ? if exists", run)
        if (row := self._run(run)) is not None:
            self._connection.execute("delete from touched where run = ? and batch_id = ?", run, row.started)

    def touched(self, stamp: Stamp) -> set[Minute]:
        """What a kill left without its place by id has it afterwards: what a scan finds is held."""
        query = "select topic, minute from touched where run = ? and batch_id = ?"
        minutes = {(topic, minute) for topic, minute in self._connection.rows(query, stamp.run, stamp.batch)}
        self.complete(minutes, stamp)
        return minutes

    def mark(self, minutes: Iterable[Minute]) -> None:
        rows = sorted(set(minutes))
        if rows:
            self._marks.add(rows)
            self._changed()

    def marks(self, limit: int) -> list[Mark]:
        return self._marks.some(limit)

    def settle(self, marks: Sequence[Mark]) -> None:
        self._marks.remove(marks)
        self._changed()

    def hold(self, holder: str, *, now: int, until: int) -> bool:
        attempts = (
            ("insert into holds (one, holder, until) values (0, ?, ?) if not exists", (holder, until)),
            ("update holds set until = ? where one = 0 if holder = ?", (until, holder)),
            ("update holds set holder = ?, until = ? where one = 0 if until <= ?", (holder, until, now)),
        )
        return any(self._connection.applied(statement, *values) for statement, values in attempts)

    def release(self, holder: str) -> None:
        self._connection.applied("delete from holds where one = 0 if holder = ?", holder)

    def holder(self, now: int) -> str | None:
        rows = self._connection.execute("select holder, until from holds where one = 0")
        return str(rows[0][0]) if rows and rows[0][1] > now else None

    def version(self) -> str:
        return str(self._connection.execute("select change from revisions where part = 'master'"))

    def close(self) -> None:
        self._connection.close()

    def _run(self, run: str) -> Run | None:
        rows = self._connection.execute("select started, abandoned from runs where run = ?", run)
        return Run(*rows[0]) if rows else None

    def _changed(self) -> None:
        self._connection.execute("update revisions set change = now() where part = 'master'")
