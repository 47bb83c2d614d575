"""Reads a query: recursive descent over its characters."""

import re
from dataclasses import dataclass, replace
from typing import Final

from twitterhandler.errors import QueryError
from twitterhandler.query.operators import NAMES, OPERATORS, choices
from twitterhandler.query.tree import And, Node, Not, Or, Term
from twitterhandler.query.view import fold, spaced, words

MAX_LENGTH: Final = 1024
"""Characters of a query: X's limit for accounts without a contract (2,048 with one)."""
MAX_DEPTH: Final = 50

_NO_SPACES: Final = re.compile(r"[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF]")
"""Thai, Lao, Burmese, Khmer, kana and ideographs."""
_OPERATOR: Final = re.compile(r"[A-Za-z_]+(?=:)")
_WORD: Final = re.compile(r'[^\s()"]+')
_DISTANCES: Final = ("1", "2", "3", "4", "5", "6")
_DISTANCE: Final = re.compile(r"~(\w*)")
_CASHTAG: Final = re.compile(r"\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?")
_HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")
"""What a shell hands on of bytes that are no UTF-8; no post holds it and no file keeps it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A node, and where it only narrows; None when it says what to look for."""

    node: Node
    narrows: int | None = None


class Parser:
    """Reads one query, once; `_at` is the position of the next character."""

    def __init__(self, text: str, max_length: int = MAX_LENGTH) -> None:
        self._text = text
        self._max_length = max_length
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        """The tree.

        Raises:
            QueryError: the text is no query.
        """
        if len(self._text) > self._max_length:
            limit = self._max_length
            raise self._error(f"the query is longer than {limit:,} characters; shorten it", limit)
        if half := _HALF_CHARACTER.search(self._text):
            raise self._error("this is no character; write the query in UTF-8", half.start())
        self._skip()
        if self._at == len(self._text):
            raise self._error("the query is empty; write at least one word", 0)
        part = self._either()
        if self._at < len(self._text):
            raise self._error("this `)` closes nothing; remove it, or open one before")
        if part.narrows is not None:
            hint = "add a word, phrase, tag or account before"
            raise self._error(f"`lang:`, `is:`, `has:`, `sample:` and negations only narrow; {hint}", part.narrows)
        return part.node

    def _either(self) -> _Part:
        branches = [self._branch()]
        while self._keyword("OR"):
            operator = self._at
            self._at += 2
            self._skip()
            if self._at == len(self._text) or self._text[self._at] == ")" or self._keyword("OR"):
                raise self._error("`OR` needs something after it; to look for the word, write it small", operator)
            branches.append(self._branch())
        if len(branches) == 1:
            return branches[0]
        narrows = next((branch.narrows for branch in branches if branch.narrows is not None), None)
        return _Part(Or(tuple(branch.node for branch in branches)), narrows)

    def _branch(self) -> _Part:
        start = self._at
        parts: list[_Part] = []
        while self._at < len(self._text) and self._text[self._at] != ")" and not self._keyword("OR"):
            parts.append(self._factor())
            self._skip()
        if not parts:
            raise self._error("something to look for is missing here; write a word, or remove the operator")
        if len(parts) == 1:
            return parts[0]
        narrows = start if all(part.narrows is not None for part in parts) else None
        return _Part(And(tuple(part.node for part in parts)), narrows)

    def _factor(self) -> _Part:
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
        at = self._at
        read = self._phrase() if self._text[self._at] == '"' else self._term()
        term = replace(read, at=at, end=self._at)
        operator = OPERATORS.get(term.name)
        if operator and not negated and operator.negatable is None:
            raise self._error(f"X wants `{term.name}` negated; write `-{term.name}`", start)
        if operator and negated and operator.negatable is False:
            raise self._error(f"`{term.name}:` cannot be negated; remove the `-`", start)
        if negated:
            return _Part(Not(term), start)
        return _Part(term, start if operator and not operator.stands_alone else None)

    def _group(self) -> _Part:
        opening = self._at
        self._at += 1
        self._skip()
        if self._text[self._at : self._at + 1] == ")":
            raise self._error("these parentheses are empty; remove them, or write something inside", opening)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"groups lie in each other more than {MAX_DEPTH} deep; remove some", opening)
        part = self._either() if self._at < len(self._text) else None
        self._depth -= 1
        if part is None or self._at == len(self._text):
            raise self._error("this `(` is never closed; add a `)`", opening)
        self._at += 1
        return part

    def _phrase(self) -> Term:
        opening = self._at
        text = self._enclosed('"', 'this quote is never closed; add a `"`')
        if not (found := _DISTANCE.match(self._text, self._at)):
            return self._text_term(text, opening)
        self._at = found.end()
        if found[1] not in _DISTANCES:
            raise self._error("`~` needs a number of words from 1 to 6", found.start())
        tokens = words(fold(text))
        if len(tokens) < 2 or len(set(tokens)) < len(tokens):
            raise self._error("`~` wants two words or more, each once; write them inside the quotes", opening)
        return Term("near", spaced(tokens), int(found[1]))

    def _enclosed(self, closing: str, unclosed: str) -> str:
        """What stands between the character here and `closing`, which is passed."""
        opening = self._at
        end = self._text.find(closing, opening + 1)
        if end < 0:
            raise self._error(unclosed, opening)
        self._at = end + 1
        return self._text[opening + 1 : end]

    def _term(self) -> Term:
        start = self._at
        found = _WORD.match(self._text, start)
        if found is None:
            raise self._error("something to look for is missing here; write a word, or remove the operator")
        word = found[0]
        if word == "AND":
            raise self._error("a space already means AND; remove it, or write it small to look for the word", start)
        if operator := _OPERATOR.match(word):
            return self._operator(operator[0], start)
        self._at = found.end()
        if word[0] in "#@＃＠":
            if len(word) == 1:
                raise self._error(f"`{word}` needs a name right after it", start)
            return self._valued("#" if word[0] in "#＃" else "@", word[1:], start, start)
        return self._valued("$", word[1:], start, start) if _CASHTAG.fullmatch(word) else self._text_term(word, start)

    def _operator(self, written: str, start: int) -> Term:
        name = written.casefold()
        if name not in NAMES:
            hint = "quote it to look for it as text"
            raise self._error(f"`{written}:` is no operator of X ({', '.join(NAMES[:4])}, …); {hint}", start)
        self._at = start + len(written) + 1
        place = self._at
        value = self._value()
        if not value.strip():
            raise self._error(f"`{written}:` needs its value right after it", start)
        if not (known := choices(name)):
            return self._valued(name, value, start, place)
        if value.casefold() not in known:
            raise self._error(f"`{name}:` knows {', '.join(known)}; take one of them", place)
        return Term(f"{name}:{value.casefold()}", "")

    def _value(self) -> str:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return self._enclosed('"', 'this quote is never closed; add a `"`')
        if first == "[":
            return f"[{self._enclosed(']', 'this bracket is never closed; add a `]`')}]"
        found = _WORD.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""

    def _valued(self, name: str, value: str, start: int, place: int) -> Term:
        try:
            return Term(name, OPERATORS[name].value(value))
        except ValueError as exc:
            shown = f"{name}:" if name[0].isalpha() else name
            raise self._error(f"`{shown}` {exc}", place) from None

    def _text_term(self, text: str, start: int) -> Term:
        folded = fold(text).strip()
        if not folded:
            raise self._error("this phrase is empty; write the words inside the quotes", start)
        if _NO_SPACES.search(folded) or not any(map(str.isalnum, folded)):
            return Term("anywhere", folded)
        return Term("words", spaced(words(folded)))

    def _keyword(self, word: str) -> bool:
        """Whether the operator `word` (not a longer word that begins with it) comes next."""
        after = self._text[self._at + len(word) : self._at + len(word) + 1]
        return self._text.startswith(word, self._at) and (not after or after.isspace() or after in '()"')

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _error(self, reason: str, position: int | None = None) -> QueryError:
        return QueryError(reason, self._text, self._at if position is None else position)
