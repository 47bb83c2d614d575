"""A face for notebooks: texts in, a list of plain rows that prints as a table out."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from nlp_services.analyzer import Analyzer

_WIDEST_TEXT = 48


class Rows(list[dict[str, Any]]):
    """Plain dicts, one a text; what a data frame or JSON takes, and readable in a notebook."""

    def __repr__(self) -> str:
        if not self:
            return "no texts"
        head = list(self[0])
        cells = [head, *([_cell(row[name]) for name in head] for row in self)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
        ]
        return "\n".join(lines)


def _cell(value: Any) -> str:
    match value:
        case {"label": label, "confidence": confidence}:
            return f"{label} {confidence:.2f}" if confidence else str(label)
        case list():
            return ", ".join(f"{item['text']} ({item['type']})" if "type" in item else item["text"] for item in value)
        case _:
            text = " ".join(str(value).split())
            return text if len(text) <= _WIDEST_TEXT else text[: _WIDEST_TEXT - 1] + "…"


def analyze(texts: Sequence[str], languages: Sequence[str] | None = None) -> Rows:
    """All capabilities on each text; models load at the first call and are kept for the process."""
    analysis = _analyzer().analyze(texts, languages)
    return Rows({"text": text, **row} for text, row in zip(texts, analysis.rows(len(texts)), strict=True))


@cache
def _analyzer() -> Analyzer:
    return Analyzer()
