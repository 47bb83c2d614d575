"""The rules at X, and one pass that makes them those of the topics.

Over HTTP, not by tweepy: its rules know no pages, no counts, and no `dry_run` that X understands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from twitterhandler.clock import Clock
from twitterhandler.errors import SourceRefusedError
from twitterhandler.sources.x.answers import last_segment, words_of
from twitterhandler.sources.x.rules import Plan, Rule, plan, wanted_rules
from twitterhandler.sources.x.transport import Json, XTransport
from twitterhandler.topics import Topic

PATH: Final = "/2/tweets/search/stream/rules"
ACTIVE_AFTER: Final = timedelta(seconds=22)
"""X says that a new rule is active after some 20 s."""
_PAGE: Final = 1000
_AT_ONCE: Final = 100
_DRY: Final[Mapping[str, str]] = {"dry_run": "true"}


@dataclass(slots=True)
class Added:
    """What became of rules that were sent.

    Attributes:
        made: New ones.
        there: Those whose value X knew already, with the id it has there.
        refused: For all others X's reason, by value.
    """

    made: list[Rule] = field(default_factory=list)
    there: list[Rule] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the rules are after a pass.

    Attributes:
        known: Slugs by rule id.
        active_at: For each topic whose rule was made by this process: when it is active, or when it became so.
        unheard: For each topic without a rule: why, and what to do.
        again: When there will be something left to delete.
    """

    known: Mapping[str, tuple[str, ...]]
    active_at: Mapping[str, datetime]
    unheard: Mapping[str, str]
    again: datetime | None


class RuleBook:
    """All rules of the app. Each call may raise `SourceUnavailableError` or `SourceRefusedError`."""

    def __init__(self, transport: XTransport) -> None:
        self._transport = transport

    async def all(self) -> list[Rule]:
        rules: list[Rule] = []
        token: str | None = None
        while True:
            page = {"pagination_token": token} if token else {}
            answer = await self._transport.ask("GET", PATH, params={"max_results": _PAGE, **page})
            rules += map(_rule, answer.get("data") or ())
            token = (answer.get("meta") or {}).get("next_token")
            if not token:
                return rules

    async def room(self) -> int | None:
        """How many more rules fit; None when X does not say."""
        try:
            data = (await self._transport.ask("GET", f"{PATH}/counts")).get("data") or {}
        except SourceRefusedError:
            return None
        app = data.get("client_app_rules_count")
        pairs = [
            (data.get("cap_per_client_app"), app.get("rule_count") if isinstance(app, dict) else app),
            (data.get("cap_per_project"), data.get("project_rules_count")),
        ]
        rooms = [int(cap) - int(count or 0) for cap, count in pairs if cap is not None]
        return max(0, min(rooms)) if rooms else None

    async def add(self, rules: Sequence[Rule], *, dry_run: bool = False) -> Added:
        """Adds rules; with `dry_run` X only says what would become of them."""
        added = Added()
        for start in range(0, len(rules), _AT_ONCE):
            batch = rules[start : start + _AT_ONCE]
            try:
                await self._add(batch, added, dry_run=dry_run)
            except SourceRefusedError as exc:
                if exc.status not in (400, 422):
                    raise
                for rule in batch:  # one that is wrong may have kept the others out
                    await self._add_alone(rule, added, dry_run=dry_run)
        return added

    async def delete(self, ids: Sequence[str], *, dry_run: bool = False) -> None:
        """Those that are gone already are no error."""
        for start in range(0, len(ids), _AT_ONCE):
            body = {"delete": {"ids": list(ids[start : start + _AT_ONCE])}}
            await self._transport.ask("POST", PATH, params=_DRY if dry_run else None, body=body)

    async def _add_alone(self, rule: Rule, added: Added, *, dry_run: bool) -> None:
        try:
            await self._add([rule], added, dry_run=dry_run)
        except SourceRefusedError as exc:
            if exc.status not in (400, 422):
                raise
            added.refused[rule.value] = str(exc)

    async def _add(self, rules: Sequence[Rule], added: Added, *, dry_run: bool) -> None:
        body = {"add": [{"value": rule.value, "tag": rule.tag} for rule in rules]}
        answer = await self._transport.ask("POST", PATH, params=_DRY if dry_run else None, body=body)
        made = [_rule(rule) for rule in answer.get("data") or ()]
        errors = {str(error.get("value")): error for error in answer.get("errors") or ()}
        added.made += made
        for rule in rules:
            error = errors.get(rule.value)
            if error and error.get("id") and _is_duplicate(error):
                added.there.append(Rule(str(error["id"]), rule.value, rule.tag))
            elif error or rule.value not in {found.value for found in made}:
                added.refused[rule.value] = words_of(error or next(iter(errors.values()), {})) or "it does not say why"


class Reconciler:
    """Makes the rules at X those of the topics; a pass may be cut short anywhere and made again."""

    def __init__(self, book: RuleBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._active: dict[str, datetime] = {}
        self._sent: frozenset[str] = frozenset()

    async def preview(self, topics: Sequence[Topic]) -> tuple[Plan, Added]:
        """What `run` would do, and what X says of the rules that it would add; nothing is changed."""
        found = await self._plan(await self._book.all(), topics)
        return found, await self._book.add(found.add, dry_run=True) if found.add else Added()

    async def run(self, topics: Sequence[Topic]) -> Outcome:
        """One pass."""
        wanted = wanted_rules(topics)
        existing = await self._book.all()
        self._active = {rule.id: self._active[rule.id] for rule in existing if rule.id in self._active}
        self._are_new([rule for rule in existing if rule.value in self._sent])
        todo = await self._plan(existing, topics)
        await self._book.delete(todo.make_room)
        self._sent = frozenset(rule.value for rule in todo.add)
        added = await self._book.add(todo.add)
        self._are_new(added.made)
        self._sent = frozenset()
        there = {rule.id for rule in added.there}
        await self._book.delete([id_ for id_ in todo.delete if id_ not in there])
        known = {rule.id: wanted.get(rule.value, ()) for rule in (*existing, *added.made, *added.there)}
        return Outcome(
            known={id_: slugs for id_, slugs in known.items() if slugs},
            active_at={slug: at for id_, at in self._active.items() for slug in known.get(id_, ())},
            unheard=_unheard(todo, added, wanted),
            again=max(self._active.values(), default=None) if todo.later else None,
        )

    def _are_new(self, rules: Sequence[Rule]) -> None:
        """Those that were just made; or of whose making no answer came, so that it may have been now."""
        active = self._clock.now() + ACTIVE_AFTER
        for rule in rules:
            self._active.setdefault(rule.id, active)

    async def _plan(self, existing: Sequence[Rule], topics: Sequence[Topic]) -> Plan:
        wanted, now = wanted_rules(topics), self._clock.now()
        young = {id_ for id_, at in self._active.items() if at > now}
        missing = wanted.keys() - {rule.value for rule in existing}
        room = await self._book.room() if missing else None
        return plan(existing, wanted, room=room, young=young)


def _unheard(todo: Plan, added: Added, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    full = "X takes no more rules; stop a topic, or get a larger limit of rules in X's developer console"
    refused = {
        slug: f"X does not take its query: {reason}; change it"
        for value, reason in added.refused.items()
        for slug in wanted[value]
    }
    return dict.fromkeys(todo.unfit, full) | refused


def _rule(found: Json) -> Rule:
    return Rule(str(found.get("id")), str(found.get("value")), str(found.get("tag") or ""))


def _is_duplicate(error: Mapping[str, Any]) -> bool:
    return error.get("title") == "DuplicateRule" or last_segment(error) == "duplicate-rules"
