"""Keeps the rules at X those of the topics: at start, at each change, and now and then."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Final, NoReturn

from twitterhandler.backoff import Backoff
from twitterhandler.clock import Clock
from twitterhandler.errors import SourceUnavailableError
from twitterhandler.sources.x.reception import Reception
from twitterhandler.sources.x.rulebook import Outcome, Reconciler
from twitterhandler.topics import Topic

RECHECK: Final = 900.0
"""Seconds after which it is looked whether the rules are still there."""
_NEW: Final = "its rule is new"

log = logging.getLogger(__name__)


class Upkeep:
    """Runs a pass of the reconciler whenever something changed, and tells which topics are not heard yet.

    Attributes:
        topics: What is listened to, by slug.
        known: Slugs by the id of their rule.
    """

    def __init__(self, reconciler: Reconciler, reception: Reception, clock: Clock, random: Random) -> None:
        self.topics: Mapping[str, Topic] = {}
        self.known: Mapping[str, tuple[str, ...]] = {}
        self._reconciler = reconciler
        self._reception = reception
        self._clock = clock
        self._random = random
        self._changed = asyncio.Event()
        self._since: dict[str, datetime] = {}
        self._told: dict[str, datetime] = {}
        self._verified: datetime | None = None

    def follow(self, topics: Sequence[Topic]) -> None:
        """Other topics are wanted; `run` sees to it."""
        now = self._clock.now()
        wanted = {topic.slug: topic for topic in topics}
        for slug, topic in wanted.items():
            before = self.topics.get(slug)
            if before is None or before.x_rule() != topic.x_rule():
                self._since.setdefault(slug, now)
        self._since = {slug: since for slug, since in self._since.items() if slug in wanted}
        self.topics = wanted
        self.look()

    def look(self) -> None:
        """The rules may not be as they were."""
        self._changed.set()

    async def run(self, done: Callable[[], None]) -> NoReturn:
        """Until it is cancelled; `done` is called after each pass.

        Raises:
            SourceRefusedError: X will not let the rules be read or written.
        """
        backoff = Backoff()
        while True:
            self._changed.clear()
            topics, began = tuple(self.topics.values()), self._clock.now()
            try:
                outcome = await self._reconciler.run(topics)
            except SourceUnavailableError as exc:
                log.warning("the rules at X cannot be kept: %s", exc)
                self._reception.troubles["rules"] = str(exc)
                backoff = backoff.failed(exc.trouble, asked=exc.wait)
                await asyncio.sleep(backoff.wait(0.0, self._random.random()))
                continue
            backoff = Backoff()
            self.known = outcome.known
            self._take(outcome, [topic for topic in topics if self.topics.get(topic.slug) == topic])
            self._verified = began
            done()
            await self._pause(outcome.again)

    def _take(self, outcome: Outcome, topics: Sequence[Topic]) -> None:
        """Tells what is not heard of those topics that have not changed since."""
        ledger, now = self._reception.ledger, self._clock.now()
        self._reception.troubles = (
            {"connection": found} if (found := self._reception.troubles.get("connection")) else {}
        )
        for slug in (topic.slug for topic in topics):
            since = self._since.pop(slug, self._verified or now)
            if slug in outcome.unheard:
                ledger.deaf(slug, since, outcome.unheard[slug])
                self._reception.troubles[f"topic {slug}"] = f"topic {slug}: {outcome.unheard[slug]}"
                continue
            active = outcome.active_at.get(slug)
            if active and active > since and self._told.get(slug) != active:
                ledger.deaf(slug, since, _NEW)
                self._told[slug] = active
            self._reception.tell(ledger.hears(slug, active or now))

    async def _pause(self, until: datetime | None) -> None:
        seconds = (until - self._clock.now()).total_seconds() if until else RECHECK
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._changed.wait()
