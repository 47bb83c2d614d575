"""The query language of topics: the core of X's rule syntax, so that one query works on every network.

    query    = branch { "OR" branch }          a space is AND and binds before OR
    branch   = factor { factor }
    factor   = [ "-" ] term | "(" query ")"    groups are not negated: X refuses that too
    term     = word | "a phrase" | #tag | @mention | from:handle | lang:en

Case and Unicode form do not matter; accents do. Words and phrases match whole tokens (`coca-cola` is the tokens coca,
cola); in scripts that write no spaces, and for emoji, they match anywhere. Every branch needs something to look for:
`lang:` and negations only narrow it.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from twitterhandler.errors import QueryError
from twitterhandler.posts import Post

MAX_LENGTH: Final = 1024
"""Characters of a query: X's limit for most accounts."""
MAX_DEPTH: Final = 50

TermKind = Literal["text", "hashtag", "mention", "from", "lang"]

_TOKEN: Final = re.compile(r"\w+")
_NO_SPACES: Final = re.compile(r"[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF]")
"""Thai, Lao, Burmese, Khmer, kana and ideographs."""
_OPERATOR: Final = re.compile(r"[A-Za-z_]+(?=:)")
_WORD: Final = re.compile(r'[^\s()"]+')
_HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")
"""What a shell hands on of bytes that are no UTF-8; no post holds it and no file keeps it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for; `value` is folded, as is what it is compared with."""

    kind: TermKind
    value: str
    anywhere: bool = False

    def match(self, view: "_View") -> bool:
        match self.kind:
            case "text":
                return self.value in (view.folded if self.anywhere else view.tokens)
            case "hashtag":
                return self.value in view.hashtags
            case "mention":
                return self.value in view.mentions
            case "from":
                return self.value == view.handle
            case "lang":
                return self.value in view.languages


@dataclass(frozen=True, slots=True)
class Not:
    term: Term

    def match(self, view: "_View") -> bool:
        return not self.term.match(view)


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Node, ...]"

    def match(self, view: "_View") -> bool:
        return all(part.match(view) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Node, ...]"

    def match(self, view: "_View") -> bool:
        return any(part.match(view) for part in self.parts)


Node = Term | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was parsed: `Query.parse('"world cup" OR #WorldCup').match(post)`."""

    text: str
    root: Node

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Reads a query.

        Raises:
            QueryError: it cannot be read; `position` is the character that it stumbled over.
        """
        return cls(text=text, root=_Parser(text).parse())

    def match(self, post: Post) -> bool:
        return self.root.match(_View.of(post))

    def explain(self) -> str:
        """The query in words, for people."""
        return _explain(self.root)


def matching(queries: dict[str, Query], post: Post) -> tuple[str, ...]:
    """Keys of the queries that `post` matches, in their order; the post is folded once for all of them."""
    view = _View.of(post)
    return tuple(key for key, query in queries.items() if query.root.match(view))


@dataclass(frozen=True, slots=True)
class _View:
    """A post as terms see it; `tokens` has a space around each token, so that whole tokens are found by `in`."""

    folded: str
    tokens: str
    hashtags: frozenset[str]
    mentions: frozenset[str]
    handle: str
    languages: tuple[str, str]

    @classmethod
    def of(cls, post: Post) -> "_View":
        folded = _fold(post.text)
        language = post.lang.casefold()
        return cls(
            folded=folded,
            tokens=_tokens(folded),
            hashtags=frozenset(map(_fold, post.hashtags)),
            mentions=frozenset(map(_fold, post.mentions)),
            handle=_fold(post.author.handle),
            languages=(language, language.partition("-")[0]),
        )


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _tokens(folded: str) -> str:
    return f" {' '.join(_TOKEN.findall(folded))} "


class _Parser:
    """Recursive descent over the characters; `_at` is the position of the next one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        if len(self._text) > MAX_LENGTH:
            raise self._error(f"the query is longer than {MAX_LENGTH:,} characters; shorten it", MAX_LENGTH)
        if half := _HALF_CHARACTER.search(self._text):
            raise self._error("this is no character; write the query in UTF-8", half.start())
        self._skip()
        if self._at == len(self._text):
            raise self._error("the query is empty; write at least one word", 0)
        node = self._either()
        if self._at < len(self._text):
            raise self._error("this `)` closes nothing; remove it, or open one before")
        return node

    def _either(self) -> Node:
        branches = [self._branch()]
        while self._keyword("OR"):
            operator = self._at
            self._at += 2
            self._skip()
            if self._at == len(self._text) or self._text[self._at] == ")" or self._keyword("OR"):
                raise self._error("`OR` needs something after it; to look for the word, write it small", operator)
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else Or(tuple(branches))

    def _branch(self) -> Node:
        start = self._at
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] != ")" and not self._keyword("OR"):
            parts.append(self._factor())
            self._skip()
        if not parts:
            raise self._error("something to look for is missing here; write a word, or remove the operator")
        if not any(map(_stands_alone, parts)):
            raise self._error("`lang:` and negations only narrow; add a word, phrase, tag or account before", start)
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self) -> Node:
        start = self._at
        negated = self._text[start] == "-"
        if negated:
            self._at += 1
            if self._at == len(self._text) or self._text[self._at] == "-" or self._text[self._at].isspace():
                raise self._error("`-` stands alone; put it right before the word that must not occur", start)
        if self._text[self._at] == "(":
            if negated:
                raise self._error("a group cannot be negated; put `-` before each of its words", start)
            return self._group()
        term = self._phrase() if self._text[self._at] == '"' else self._term()
        return Not(term) if negated else term

    def _group(self) -> Node:
        opening = self._at
        self._at += 1
        self._skip()
        if self._text[self._at : self._at + 1] == ")":
            raise self._error("these parentheses are empty; remove them, or write something inside", opening)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"groups lie in each other more than {MAX_DEPTH} deep; remove some", opening)
        node = self._either() if self._at < len(self._text) else None
        self._depth -= 1
        if node is None or self._at == len(self._text):
            raise self._error("this `(` is never closed; add a `)`", opening)
        self._at += 1
        return node

    def _phrase(self) -> Term:
        opening = self._at
        closing = self._text.find('"', opening + 1)
        if closing < 0:
            raise self._error('this quote is never closed; add a `"`', opening)
        self._at = closing + 1
        return self._text_term(self._text[opening + 1 : closing], opening)

    def _term(self) -> Term:
        start = self._at
        found = _WORD.match(self._text, start)
        if found is None:
            raise self._error("something to look for is missing here; write a word, or remove the operator")
        word = found[0]
        self._at = found.end()
        if word == "AND":
            raise self._error("a space already means AND; remove it, or write it small to look for the word", start)
        if word[0] in "#@＃＠":
            kind: TermKind = "hashtag" if word[0] in "#＃" else "mention"
            if len(word) == 1:
                raise self._error(f"`{word}` needs a name right after it", start)
            return Term(kind, _fold(word[1:]))
        operator = _OPERATOR.match(word)
        return self._operator(operator[0], word, start) if operator else self._text_term(word, start)

    def _operator(self, name: str, word: str, start: int) -> Term:
        value = word[len(name) + 1 :]
        folded = name.casefold()
        if folded not in ("from", "lang"):
            raise self._error(f"`{name}:` is no operator here (from:, lang:); quote it to look for it as text", start)
        if not value:
            raise self._error(f"`{name}:` needs its value right after it", start)
        return Term("from", _fold(value.removeprefix("@"))) if folded == "from" else Term("lang", _fold(value))

    def _text_term(self, text: str, start: int) -> Term:
        folded = _fold(text).strip()
        if not folded:
            raise self._error("this phrase is empty; write the words inside the quotes", start)
        tokens = _tokens(folded)
        if tokens.isspace() or _NO_SPACES.search(folded):
            return Term("text", folded, anywhere=True)
        return Term("text", tokens)

    def _keyword(self, word: str) -> bool:
        """Whether the operator `word` (not a longer word that begins with it) comes next."""
        after = self._text[self._at + len(word) : self._at + len(word) + 1]
        return self._text.startswith(word, self._at) and (not after or after.isspace() or after in '()"')

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _error(self, reason: str, position: int | None = None) -> QueryError:
        return QueryError(reason, self._text, self._at if position is None else position)


def _stands_alone(node: Node) -> bool:
    """Whether `node` says what to look for; groups were checked when they were read."""
    return not isinstance(node, Not) and not (isinstance(node, Term) and node.kind == "lang")


def _explain(node: Node) -> str:
    match node:
        case Term("text", value):
            return f"“{value.strip()}”"
        case Term("hashtag", value):
            return f"the hashtag #{value}"
        case Term("mention", value):
            return f"a mention of @{value}"
        case Term("from", value):
            return f"written by @{value}"
        case Term(_, value):
            return f"written in {value!r}"
        case Not(term):
            return f"not {_explain(term)}"
        case And(parts):
            return " and ".join(f"({_explain(part)})" if isinstance(part, Or) else _explain(part) for part in parts)
        case Or(parts):
            return " or ".join(f"({_explain(part)})" if isinstance(part, And) else _explain(part) for part in parts)
