"""Rules of the filtered stream: which there must be for the topics, and how to get there from those there are.

Rules live at X, for the whole app, until somebody deletes them: longer than any process. Ours have a tag
`topic:<slug>`; all others are left alone. Two rules cannot have one value, whatever their tags, so topics with the same
query share a rule, if need be somebody else's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from twitterhandler.topics import Topic

TAG: Final = "topic:"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule at X; `id` is empty while it is only wanted."""

    id: str
    value: str
    tag: str = ""

    @property
    def ours(self) -> bool:
        return self.tag.startswith(TAG)

    @property
    def slug(self) -> str:
        return self.tag.removeprefix(TAG) if self.ours else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order.

    Attributes:
        make_room: Ids to delete first, because otherwise not all new rules fit.
        add: Rules to add.
        delete: Ids to delete once the new ones are there.
        later: Ids to delete once the rules that replace them are active.
        unfit: Topics for whose rules X has no room.
    """

    make_room: tuple[str, ...] = ()
    add: tuple[Rule, ...] = ()
    delete: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()


def wanted_rules(topics: Iterable[Topic]) -> Mapping[str, tuple[str, ...]]:
    """Slugs by the value of their rule."""
    slugs: defaultdict[str, list[str]] = defaultdict(list)
    for topic in topics:
        slugs[topic.x_rule()].append(topic.slug)
    return {value: tuple(found) for value, found in slugs.items()}


def plan(
    existing: Sequence[Rule],
    wanted: Mapping[str, tuple[str, ...]],
    *,
    room: int | None,
    young: Collection[str] = (),
) -> Plan:
    """How to get from the rules there are to those that are wanted.

    Args:
        existing: All rules at X, those of others too.
        wanted: Slugs by value.
        room: How many more rules X takes; None when it does not say.
        young: Ids of rules that are not active yet.
    """
    there = {rule.value: rule for rule in existing}
    missing = [Rule("", value, f"{TAG}{slugs[0]}") for value, slugs in wanted.items() if value not in there]
    stale = [rule for rule in existing if rule.ours and rule.value not in wanted]
    short = 0 if room is None else max(0, len(missing) - max(room, 0))
    make_room, spared = stale[:short], stale[short:]
    fitting = missing[: len(missing) - (short - len(make_room))]
    new = [rule.value for rule in fitting] + [value for value in wanted if value in there and there[value].id in young]
    waiting = {slug for value in new for slug in wanted[value]}
    return Plan(
        make_room=tuple(rule.id for rule in make_room),
        add=tuple(fitting),
        delete=tuple(rule.id for rule in spared if rule.slug not in waiting),
        later=tuple(rule.id for rule in spared if rule.slug in waiting),
        unfit=tuple(slug for rule in missing[len(fitting) :] for slug in wanted[rule.value]),
    )


def topics_of(
    matching: Sequence[Mapping[str, Any]], known: Mapping[str, tuple[str, ...]], followed: Collection[str]
) -> tuple[str, ...]:
    """Slugs of the rules that a post matched.

    Args:
        matching: `matching_rules` of the message; only `id` is sure to be there, as a string or a number.
        known: Slugs by the id of each rule that is theirs; of another one the tag tells, if it is one of ours.
        followed: What is listened to; nothing else is found.
    """
    found: dict[str, None] = {}
    for rule in matching:
        slugs = known.get(str(rule.get("id")))
        tag = rule.get("tag")
        if slugs is None and isinstance(tag, str) and tag.startswith(TAG):
            slugs = (tag.removeprefix(TAG),)
        found.update(dict.fromkeys(slug for slug in slugs or () if slug in followed))
    return tuple(found)
