"""The folder in which Spark keeps how far the job is, with the run id that its stamps carry and a lock."""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from pathlib import Path
from types import TracebackType
from typing import IO

from sparkstream.errors import CheckpointError


class Checkpoint:
    """Held by one job at a time; the operating system lets go of it when the job dies."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self._lock: IO[str] | None = None

    @property
    def spark(self) -> str:
        return str(self.folder / "spark")

    def __enter__(self) -> Checkpoint:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder / "job.lock")
        except BlockingIOError as error:
            raise CheckpointError(
                f"another job runs on the checkpoint {self.folder}; stop it, or give this one its own"
            ) from error
        except OSError as error:
            raise CheckpointError(
                f"the checkpoint {self.folder} cannot be written: {error.strerror}; choose another folder"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def run(self) -> str:
        """The run id: made once for a checkpoint, so that a batch has the same stamp however often it is replayed."""
        path = self.folder / "run.json"
        try:
            if not path.exists():
                temporary = path.with_name(f"run.json.{os.getpid()}")
                temporary.write_text(json.dumps({"run": uuid.uuid4().hex[:16]}))
                temporary.replace(path)
            return str(json.loads(path.read_text())["run"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path} cannot be used: {error}; start with a new checkpoint folder") from error

    def committed(self) -> int:
        """The last micro-batch that Spark has committed, -1 before the first; the one after it may be half done."""
        try:
            return max((int(file.name) for file in Path(self.spark, "commits").glob("[0-9]*")), default=-1)
        except ValueError as error:
            raise CheckpointError(
                f"{self.spark}/commits cannot be read: {error}; start with a new checkpoint"
            ) from error

    def claim(self, queue: str) -> None:
        """See that it is of this queue; offsets of one mean nothing in another.

        Raises:
            CheckpointError: it is another's.
        """
        path = self.folder / "queue.json"
        try:
            if path.exists():
                known = str(json.loads(path.read_text())["queue"])
            else:  # before there was a choice, all were the spool's
                known = "spool" if Path(self.spark, "offsets").exists() else queue
                temporary = path.with_name(f"queue.json.{os.getpid()}")
                temporary.write_text(json.dumps({"queue": known}))
                temporary.replace(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path} cannot be used: {error}; start with a new checkpoint folder") from error
        if known != queue:
            raise CheckpointError(
                f"the checkpoint {self.folder} was made on {known}, not on {queue}; start with a new checkpoint folder"
            )


def _locked(path: Path) -> IO[str]:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file
