"""A query that was parsed."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twitterhandler.errors import QueryError
from twitterhandler.posts import Post
from twitterhandler.query.operators import ON_X_HANDLES, OPERATORS
from twitterhandler.query.parser import MAX_LENGTH, Parser
from twitterhandler.query.tree import Node, Or, Term, explain
from twitterhandler.query.values import RETIRED_LANGUAGES
from twitterhandler.query.view import PostView

_SPACE: Final = re.compile(r"\s+")
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-^`{-~\u200d\ufe0e\ufe0f]")
"""What X wants quotes around: ASCII's own, and the parts of an emoji with a variant."""
_X_LANGUAGES: Final = {new: old for old, new in RETIRED_LANGUAGES.items() if old != "ji"}
_X_HANDLE: Final = re.compile(r"\w{1,15}|\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was parsed: `Query.parse('"world cup" OR #WorldCup').match(post)`."""

    text: str
    root: Node

    @classmethod
    def parse(cls, text: str, *, max_length: int = MAX_LENGTH) -> "Query":
        """Reads a query; every operator of X may be used.

        Raises:
            QueryError: it cannot be read; `position` is the character that it stumbled over.
        """
        return cls(text=text, root=Parser(text, max_length).parse())

    def check(self, networks: Collection[str] = ()) -> None:
        """Whether all of `networks` (none named: every one) can answer it.

        Raises:
            QueryError: one cannot; `position` is the term that it does not know.
        """
        for term in self.root.terms():
            if reason := _refusal(term, networks):
                raise QueryError(reason, self.text, term.at)

    def on_x(self, *, languages: Sequence[str] = (), reposts: bool = True) -> str:
        """The query as X wants it written, narrowed to languages and, if wanted, without reposts.

        Words with punctuation get quotes, languages the codes that X has for them, `＃` and `＠` become `#` and `@`.
        """
        parts, done = [], 0
        for term in self.root.terms():
            parts += [_SPACE.sub(" ", self.text[done : term.at]), _on_x(term, self.text[term.at : term.end])]
            done = term.end
        rule = "".join([*parts, self.text[done:]]).strip()
        narrowing = " OR ".join(_language_on_x(code) for code in languages)
        more = [f"({narrowing})" if len(languages) > 1 else narrowing] * bool(languages)
        more += ["-is:retweet"] * (not reposts)
        return " ".join([f"({rule})" if more and isinstance(self.root, Or) else rule, *more])

    def match(self, post: Post) -> bool:
        return self.root.match(PostView(post))

    def explain(self) -> str:
        """The query in words, for people."""
        return explain(self.root)


def matching(queries: Mapping[str, Query], post: Post) -> tuple[str, ...]:
    """Keys of the queries that `post` matches, in their order; the post is folded once for all of them."""
    view = PostView(post)
    return tuple(key for key, query in queries.items() if query.root.match(view))


def _language_on_x(code: str) -> str:
    return f"lang:{_X_LANGUAGES.get(code, code)}"


def _on_x(term: Term, written: str) -> str:
    match term.name:
        case "words" | "anywhere" if _PUNCTUATION.search(written) and not written.startswith('"'):
            return f'"{written}"'
        case "lang":
            return _language_on_x(term.value)
        case "#" | "@":
            return term.name + written[1:]
        case "from" | "to" | "retweets_of":
            return f"{term.name}:{term.value}"
    return written


def _refusal(term: Term, networks: Collection[str]) -> str | None:
    operator = OPERATORS.get(term.name)
    if operator is None:
        return None
    name = term.name if ":" in term.name else f"{term.name}:"
    if not operator.everywhere and set(networks) != {"x"}:
        return f"only X can answer `{name}`; make x the only source of this topic, or leave it out"
    if term.name in ON_X_HANDLES and (not networks or "x" in networks) and not _X_HANDLE.fullmatch(term.value):
        return f"{term.value!r} is no account of X; name the other networks as sources of this topic"
    return None
