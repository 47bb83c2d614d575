"""What happens in a round, from its seed alone: a day, and the lives of the job with what is killed in them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, TypeAlias

from sparkstream.stage import POINTS
from twitterhandler.testing import SimulatedDay, simulated_day

Kind: TypeAlias = Literal["sqlite", "servers"]
SERVERS: Final = ("kafka", "cassandra", "redis")
BESIDE: Final = {"sqlite": (), "servers": SERVERS}


@dataclass(frozen=True)
class Kill:
    """kill -9 of all these together, so long after the job has read something more; they are down so long, seconds."""

    targets: tuple[str, ...]
    after: float
    down: float


@dataclass(frozen=True)
class Batch:
    """`sparkstream batch` begins, and goes on beside all that follows; `killed`: kill -9 so many seconds later."""

    after: float
    killed: float | None


@dataclass(frozen=True)
class Life:
    """One life of the job, from its start to kill -9.

    Attributes:
        acts: what happens while it lives.
        point: where it dies, a name of `sparkstream.stage`; without one at an instant.
        batch: of how many it reads before that one in which it dies at its point.
        early: whether that instant is one of its start, and not one after it has read something.
        after: seconds until that instant.
        beside: what is killed with it, and is started before it is.
    """

    acts: tuple[Kill | Batch, ...] = ()
    point: str | None = None
    batch: int = 0
    early: bool = False
    after: float = 0.0
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Round:
    """Lives that end by kill -9, and a last one, which reads what is left."""

    seed: int
    kind: Kind
    lives: tuple[Life, ...]
    last: tuple[Kill | Batch, ...]

    @property
    def kills(self) -> int:
        acts = [act for life in self.lives for act in life.acts] + list(self.last)
        others = sum(len(act.targets) if isinstance(act, Kill) else act.killed is not None for act in acts)
        return len(self.lives) + sum(len(life.beside) for life in self.lives) + others

    @property
    def steps(self) -> int:
        """How many times something is waited for to be read."""
        return len(self.last) + sum(len(life.acts) + (not life.early) for life in self.lives)

    def day(self) -> SimulatedDay:
        shares = {"duplicates": 0.15, "edits": 0.08, "deletes": 0.08, "dirty": 0.02, "late": 0.05, "ahead": 0.01}
        return simulated_day(self.seed, posts=1_200, outages=2, huge=2, **shares)


def plan(seed: int) -> Round:
    """An even one is on SQLite and the spool, an odd one on servers."""
    rng = Random(f"chaos:{seed}")
    kind: Kind = "servers" if seed % 2 else "sqlite"
    others = [*BESIDE[kind], "api"]
    rng.shuffle(others)
    dying = [_at_a_point(rng, point) for point in rng.sample(POINTS, 1 if kind == "servers" else 2)]
    living = _at_an_instant(rng, others)
    lives = [*dying, living]
    rng.shuffle(lives)
    if kind == "servers":
        lives = [_with_another(rng, life, others) for life in lives]
    return Round(seed, kind, tuple(lives), tuple(_kill(rng, others) for _ in others[:2]))


def _at_a_point(rng: Random, point: str) -> Life:
    return Life(point=point, batch=rng.randrange(3))


def _at_an_instant(rng: Random, others: Sequence[str]) -> Life:
    acts: list[Kill | Batch] = [_kill(rng, others)]
    if rng.random() < 0.7:
        acts.insert(rng.randrange(2), Batch(rng.uniform(0, 1), rng.uniform(0.5, 4) if rng.random() < 0.3 else None))
    return Life(acts=tuple(acts), early=rng.random() < 0.25, after=rng.uniform(0, 3))


def _with_another(rng: Random, life: Life, others: Sequence[str]) -> Life:
    beside = (rng.choice(others),) if rng.random() < 0.5 else ()
    return Life(life.acts, life.point, life.batch, life.early, life.after, beside)


def _kill(rng: Random, others: Sequence[str]) -> Kill:
    """Of one of the others, or of two at once."""
    targets = rng.sample(others, min(len(others), 2 if rng.random() < 0.25 else 1))
    return Kill(tuple(targets), rng.uniform(0, 2), rng.uniform(0, 3))
