"""The rules of an app: added, deleted and listed as X does, and kept from one connection to the next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from twitterhandler.clock import format_time
from twitterhandler.errors import QueryError
from twitterhandler.query import Query
from twitterhandler.testing.xserver.account import Limits
from twitterhandler.testing.xserver.content import Json, Message
from twitterhandler.testing.xserver.matching import Facts, heeds
from twitterhandler.testing.xserver.problems import PROBLEMS, RefusedError, invalid_request, invalid_request_body

_FIRST_ID: Final = 1_900_000_000_000_000_000
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Heeded from `active_from`; `tag` is None when it was added without one."""

    id: str
    value: str
    tag: str | None
    query: Query
    active_from: datetime

    def as_json(self) -> Json:
        shown: Json = {"id": self.id, "value": self.value}
        return shown if self.tag is None else {**shown, "tag": self.tag}


class Rules:
    """All rules, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._added = 0

    def __len__(self) -> int:
        return len(self._rules)

    def all(self) -> list[Rule]:
        return list(self._rules.values())

    def matching(self, message: Message, now: datetime) -> tuple[Rule, ...]:
        """The rules that are heeded by now and that the post matches."""
        facts = Facts(message)
        rules = self._rules.values()
        return tuple(rule for rule in rules if rule.active_from <= now and heeds(rule.query, facts))

    def add(
        self, entries: Sequence[Any], *, now: datetime, limits: Limits, delay: float = 0.0, dry_run: bool = False
    ) -> Json:
        """The answer to `add`; an entry that cannot be used does not keep the others out."""
        created: list[Rule] = []
        errors: list[Json] = []
        known = {rule.value: rule.id for rule in self._rules.values()}
        for entry in entries:
            value, tag = _entry(entry)
            if error := self._refusal(value, known, limits):
                errors.append(error)
                continue
            self._added += 1
            rule = Rule(str(_FIRST_ID + self._added), value, tag, Query.parse(value), now + timedelta(seconds=delay))
            created.append(rule)
            known[value] = rule.id
        if not dry_run:
            self._rules.update((rule.id, rule) for rule in created)
        counted = {"created": len(created), "not_created": len(errors)}
        summary = {**counted, "valid": len(created), "invalid": len(errors)}
        answer: Json = {"data": [rule.as_json() for rule in created]} if created else {}
        answer["meta"] = {"sent": format_time(now), "summary": summary}
        return {**answer, "errors": errors} if errors else answer

    def delete(self, chosen: Mapping[str, Any], *, now: datetime, dry_run: bool = False) -> Json:
        """The answer to `delete`, by `ids` or by `values`.

        Raises:
            RefusedError: 400; the body names neither.
        """
        ids, values = _texts(chosen.get("ids")), _texts(chosen.get("values"))
        if bool(ids) == bool(values):
            raise RefusedError(_schema_mismatch("delete"))
        if values:
            by_value = {rule.value: rule.id for rule in self._rules.values()}
            ids = [by_value.get(value, "") for value in values]
        return self._delete(ids, now, dry_run)

    def delete_all(self, *, now: datetime, dry_run: bool = False) -> Json:
        return self._delete(list(self._rules), now, dry_run)

    def page(self, ids: Sequence[str], size: int, token: str | None, now: datetime) -> Json:
        """The answer to a listing: `size` rules from where `token` points, of `ids` only if there are any.

        Raises:
            RefusedError: 400; the token is none of ours.
        """
        listed = [rule for rule in self._rules.values() if not ids or rule.id in ids]
        if token and not token.isdecimal():
            raise RefusedError(invalid_request({"parameters": {"pagination_token": [token]}, "message": "not valid"}))
        start = int(token or 0)
        part = [rule.as_json() for rule in listed[start : start + size]]
        meta: Json = {"sent": format_time(now), "result_count": len(part)}
        if start + size < len(listed):
            meta["next_token"] = str(start + size)
        return {"data": part, "meta": meta} if part else {"meta": meta}

    def _delete(self, ids: Sequence[str], now: datetime, dry_run: bool) -> Json:
        there = [number for number in dict.fromkeys(ids) if number in self._rules]
        if not dry_run:
            for number in there:
                del self._rules[number]
        summary = {"deleted": len(there), "not_deleted": len(ids) - len(there)}
        answer: Json = {"meta": {"sent": format_time(now), "summary": summary}}
        if len(there) < len(ids):
            answer["errors"] = [invalid_request_body({"parameters": {}, "message": "Rule does not exist"})]
        return answer

    def _refusal(self, value: str, known: Mapping[str, str], limits: Limits) -> Json | None:
        if value in known:
            duplicate = {"value": value, "id": known[value], "title": "DuplicateRule"}
            return {**duplicate, "type": f"{PROBLEMS}/duplicate-rules"}
        if len(known) >= limits.rules:
            detail = f"You may have at most {limits.rules} rules."
            capped = {"value": value, "details": [detail], "title": "RulesCapExceeded"}
            return {**capped, "type": f"{PROBLEMS}/rule-cap"}
        if len(value) > limits.rule_length:
            return _invalid(value, f"Rules may be at most {limits.rule_length} characters long.")
        try:
            Query.parse(value)
        except QueryError as exc:
            return _invalid(value, f"{exc.reason} (at position {exc.position + 1})")
        return None


def one_command(body: Any) -> tuple[str, Any]:
    """The command of a request that changes rules, `add` or `delete`, and what it is about.

    Raises:
        RefusedError: 400; there is no command, or more than one.
    """
    if isinstance(body, dict):
        commands = [name for name in ("add", "delete") if name in body]
        if len(commands) == 1:
            name = commands[0]
            if isinstance(body[name], list if name == "add" else dict) and body[name]:
                return name, body[name]
            raise RefusedError(_schema_mismatch(name))
    raise RefusedError(_schema_mismatch("add", "delete"))


def _entry(entry: Any) -> tuple[str, str | None]:
    match entry:
        case {"value": str(value), **others} if value and set(others) <= {"tag"}:
            tag = others.get("tag")
            if tag is None or isinstance(tag, str):
                return value, tag
    raise RefusedError(_schema_mismatch("add"))


def _texts(values: Any) -> list[str]:
    return [str(value) for value in values] if isinstance(values, Iterable) and not isinstance(values, str) else []


def _invalid(value: str, detail: str) -> Json:
    invalid = {"value": value, "details": [detail], "title": "UnprocessableEntity"}
    return {**invalid, "type": f"{PROBLEMS}/invalid-rules"}


def _schema_mismatch(*names: str) -> Any:
    parameters: dict[str, list[str]] = {name: [] for name in names}
    return invalid_request({"parameters": parameters, "message": "JSON doesn't match expected schema"})
