"""Files of posts: lines of JSON with a `text`, plain lines, or CSV with a column `text`."""

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from nlp_services.analyzer import Analyzer
from nlp_services.errors import InputError
from nlp_services.language import UNKNOWN

BATCH = 256
Record = dict[str, Any]


def read_records(lines: Iterable[str]) -> Iterator[Record]:
    """A record a line: the object when the line is one, else `{"text": line}`; empty lines are left out.

    Raises:
        InputError: A line begins like an object but is none, or has no `text`.
    """
    for number, line in enumerate(lines, start=1):
        line = line.rstrip("\r\n")
        if line.lstrip().startswith("{"):
            yield _parsed(line, number)
        elif line.strip():
            yield {"text": line}


def read_csv(lines: Iterable[str]) -> Iterator[Record]:
    """A record a row, its columns by the names in the first one; rows whose text is empty are left out.

    Raises:
        InputError: The first row names no `text`, or a row is no CSV.
    """
    rows = csv.DictReader((line.replace("\0", " ") for line in lines), restkey="more", strict=True)
    try:
        if "text" not in (rows.fieldnames or ()):
            raise InputError("the first row of the CSV names no column `text`; give it one")
        yield from (row for row in rows if row["text"])
    except csv.Error as exc:
        raise InputError(f"the CSV is broken after line {rows.line_num} ({exc}); mend it") from exc


def _parsed(line: str, number: int) -> Record:
    try:
        record = json.loads(line)
    except ValueError as exc:
        raise InputError(f"line {number} begins with {{ but is no JSON object; mend or remove it") from exc
    if not isinstance(record.get("text"), str):
        raise InputError(f"line {number} has no `text`; give each object one")
    return dict(record)


def annotate(records: Iterable[Record], analyzer: Analyzer) -> Iterator[Record]:
    """The records in their order, each with what was found in it; read and analysed in batches."""
    remaining = iter(records)
    while batch := list(islice(remaining, BATCH)):
        languages = [str(record.get("lang") or UNKNOWN) for record in batch]
        analysis = analyzer.analyze([record["text"] for record in batch], languages)
        for record, found in zip(batch, analysis.rows(len(batch)), strict=True):
            yield record | found
