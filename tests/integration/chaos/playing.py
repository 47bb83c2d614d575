"""Plays a round: what its plan says happens, and what was killed is started again."""

import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sparkstream.checkpoint import Checkpoint

from chaos.asking import Asker
from chaos.judging import WrongError, assert_right, at_rest
from chaos.plan import Batch, Kill, Life, Round
from chaos.programs import Program
from chaos.settings import Setting
from chaos.writing import Writer

SETTINGS = {"SPARKSTREAM_MAX_LINES": "60", "SPARKSTREAM_TRIGGER": "0.2", "SPARKSTREAM_BATCH_EVERY": "0"}
PATIENCE = 300.0
"""Seconds for what takes a few where nothing else runs."""
STUCK = 4.0
"""Seconds without anything new to read until more of the day is written."""


@dataclass
class Verdict:
    """How a round went; `wrong` says what is not as the seed has it, `killed` what was killed when."""

    round: Round
    posts: int = 0
    seconds: float = 0.0
    wrong: str | None = None
    killed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kind, kills = self.round.kind, len(self.killed)
        said = "right" if self.wrong is None else "WRONG"
        return f"seed {self.round.seed}  {kind:8}{kills:3} kills  {self.posts:5} posts  {self.seconds:5.0f} s  {said}"

    def story(self) -> str:
        return "\n".join([str(self), *(f"  {line}" for line in self.killed), f"  {self.wrong}"])


def play(planned: Round, setting: Setting) -> Verdict:
    """Nothing that it started is left afterwards, but for the setting's servers, which run."""
    verdict, began = Verdict(planned), time.monotonic()
    player = Player(planned, setting, verdict)
    try:
        player.play()
    except AssertionError as error:
        verdict.wrong = str(error) if isinstance(error, WrongError) else traceback.format_exc(limit=-3)
    finally:
        player.clear()
        verdict.seconds = time.monotonic() - began
    return verdict


class Player:
    def __init__(self, planned: Round, setting: Setting, verdict: Verdict) -> None:
        self.round, self.setting, self.verdict = planned, setting, verdict
        self.day = planned.day()
        self.writer = Writer(setting, self.day.lines, self.day.broken)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = "http://{}:{}".format(*probe.getsockname())
        environment = {
            **SETTINGS,
            "SPARKSTREAM_QUEUE": setting.queue,
            "SPARKSTREAM_STORE": setting.store,
            "SPARKSTREAM_CHECKPOINT": str(setting.folder / "checkpoint"),
            "SPARKSTREAM_JARS": setting.jars,
            "SPARKSTREAM_PORT": self.url.rpartition(":")[2],
            **({"SPARKSTREAM_SPEED": setting.speed} if setting.speed else {}),
        }
        names = {
            "job": ["-P", str(Path(__file__).with_name("job.py"))],  # -P: its folder has modules of common names
            "api": ["-m", "sparkstream", "serve"],
            "batch": ["-m", "sparkstream", "batch"],
        }
        self.programs = {name: Program(name, words, environment, setting.folder) for name, words in names.items()}
        self.job, self.api, self.batch = self.programs.values()
        self.asker = Asker(self.url, sorted(self.day.expected))
        self._checkpoint = Checkpoint(setting.folder / "checkpoint")
        self._began = time.monotonic()
        self._steps = 0
        self._batch_is_disturbed = False

    def play(self) -> None:
        self.setting.prepare()
        self.api.start()
        self.writer.start()
        self.asker.start()
        for life in self.round.lives:
            self._live(life)
        self.job.start()
        self._act(self.round.last)
        self._read_the_rest()
        self.verdict.posts = len(self.day.posts)
        assert_right(self.setting, self.day, self.asker, {**self.programs})

    def clear(self) -> None:
        self.asker.stop()
        for program in self.programs.values():
            program.clear()
        for server in self.setting.servers.values():
            if not server.is_running:
                server.start()

    def _live(self, life: Life) -> None:
        if life.point is not None:
            self._next_step()
            self.job.start(life.point, str(life.batch))
            self._until(lambda: self.job.ended is not None, f"the job dies {life.point}", dying=True)
            if self.job.ended != -9:
                raise WrongError(f"the job ended by itself with {self.job.ended}: {self.job.last_line}")
            self._note(f"the job {life.point}, batch {self._checkpoint.committed() + 1}")
        else:
            self.job.start()
            self._act(life.acts)
            if not life.early:
                self._more_is_read()
            time.sleep(life.after)
            self._look()
            self.job.kill()
            self._note(f"the job after batch {self._checkpoint.committed()}")
        if life.beside:
            self._kill(Kill(life.beside, 0, 0))

    def _act(self, acts: tuple[Kill | Batch, ...]) -> None:
        for act in acts:
            self._more_is_read()
            time.sleep(act.after)
            if isinstance(act, Kill):
                self._kill(act)
            else:
                self._begin_batch(act)

    def _begin_batch(self, act: Batch) -> None:
        self.batch.start()
        self._batch_is_disturbed = act.killed is not None
        if act.killed is not None:
            time.sleep(act.killed)
            self.batch.kill()
            self._note("the batch")

    def _kill(self, act: Kill) -> None:
        servers = [self.setting.servers[name] for name in act.targets if name in self.setting.servers]
        self._batch_is_disturbed |= bool(servers)
        for name in act.targets:
            (self.setting.servers.get(name) or self.api).kill()
            self._note(name)
        time.sleep(act.down)
        if "api" in act.targets:
            self.api.start()
        for server in servers:
            server.launch()
        for server in servers:
            server.wait()

    def _note(self, what: str) -> None:
        self.verdict.killed.append(f"{time.monotonic() - self._began:6.1f} s  kill -9: {what}")

    def _next_step(self) -> None:
        self._steps += 1
        self.writer.allow(self._steps / (self.round.steps + 1))

    def _more_is_read(self) -> None:
        before = self._checkpoint.committed()
        self._next_step()
        self._until(lambda: self._checkpoint.committed() > before, f"a batch after {before} is committed")

    def _read_the_rest(self) -> None:
        self.writer.allow(1)
        self._until(lambda: self.writer.is_done, "the day is written")
        if self.batch.ended not in (None, 0) and not self._batch_is_disturbed:
            raise WrongError(f"the batch ended with {self.batch.ended}: {self.batch.last_line}")
        self._until(self._is_read, "the day is read")
        self._until(lambda: self.job.ended is None and at_rest(self.setting), "what is marked is folded again")
        self.job.stop()
        self._until(lambda: self.job.ended is not None, "the job stops", dying=True)
        if self.job.ended != 0:
            raise WrongError(f"the job that was told to stop ended with {self.job.ended}: {self.job.last_line}")

    def _is_read(self) -> bool:
        spark = self.setting.folder / "checkpoint" / "spark"
        last = max((int(file.name) for file in (spark / "offsets").glob("[0-9]*")), default=-1)
        if last < 0 or last != self._checkpoint.committed():
            return False
        return self.setting.is_read((spark / "offsets" / str(last)).read_text().splitlines()[-1])

    def _until(self, condition: Callable[[], bool], what: str, *, dying: bool = False) -> None:
        """While it waits it looks after what has to live, and writes more where there is nothing left to read."""
        deadline, moved = time.monotonic() + PATIENCE, time.monotonic()
        seen = self._checkpoint.committed(), self.writer.written
        while not condition():
            self._look(dying=dying)
            now = self._checkpoint.committed(), self.writer.written
            if now != seen:
                seen, moved = now, time.monotonic()
            elif time.monotonic() > moved + STUCK:
                self._next_step()
                moved = time.monotonic()
            if time.monotonic() > deadline:
                raise WrongError(f"not within {PATIENCE:.0f} s: {what}; the job says: {self.job.last_line}")
            time.sleep(0.05)

    def _look(self, *, dying: bool = False) -> None:
        if self.writer.failure is not None:
            raise WrongError(f"the writer ended: {self.writer.failure!r}")
        for program in (self.api,) if dying else (self.api, self.job):
            if program.ended is not None:
                raise WrongError(f"{program.name} ended by itself with {program.ended}: {program.last_line}")
        for name, server in self.setting.servers.items():
            if not server.is_running:
                raise WrongError(f"{name} is not running:\n{server.tail()}")
