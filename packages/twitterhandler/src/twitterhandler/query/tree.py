"""What a query is once it was read."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from twitterhandler.query.operators import OPERATORS
from twitterhandler.query.view import PostView, near


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for.

    Attributes:
        name: `words`, `anywhere`, `near` for what is looked for in the text, else the key of `OPERATORS`.
        value: Folded, as is what it is compared with; of words with a space around each.
        distance: How many words may come between those of `near`.
        at: Where it begins in the query, without its `-`.
        end: Where it ends.
    """

    name: str
    value: str
    distance: int = 0
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def match(self, view: PostView) -> bool:
        match self.name:
            case "words":
                return self.value in view.tokens
            case "anywhere":
                return self.value in view.folded
            case "near":
                return near(view.words, self.value.split(), self.distance)
        answer = OPERATORS[self.name].match
        return answer is not None and answer(view, self.value)

    def terms(self) -> "Iterator[Term]":
        yield self


@dataclass(frozen=True, slots=True)
class Not:
    term: Term

    def match(self, view: PostView) -> bool:
        return not self.term.match(view)

    def terms(self) -> Iterator[Term]:
        yield self.term


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Node, ...]"

    def match(self, view: PostView) -> bool:
        return all(part.match(view) for part in self.parts)

    def terms(self) -> Iterator[Term]:
        for part in self.parts:
            yield from part.terms()


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Node, ...]"

    def match(self, view: PostView) -> bool:
        return any(part.match(view) for part in self.parts)

    def terms(self) -> Iterator[Term]:
        for part in self.parts:
            yield from part.terms()


Node = Term | Not | And | Or


def explain(node: Node) -> str:
    """The query in words."""
    match node:
        case Term("words" | "anywhere", value):
            return f"“{value.strip()}”"
        case Term("near", value, distance):
            return f"“{value.strip()}” with at most {distance} other words among them"
        case Term(name, value):
            return OPERATORS[name].words.format(value.strip())
        case Not(term):
            return f"not {explain(term)}"
        case And(parts):
            return " and ".join(f"({explain(part)})" if isinstance(part, Or) else explain(part) for part in parts)
        case Or(parts):
            return " or ".join(f"({explain(part)})" if isinstance(part, And) else explain(part) for part in parts)
