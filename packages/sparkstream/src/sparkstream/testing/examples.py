"""A small made-up evening, and what the view API says of it: the examples of OpenAPI and of the contract.

`python -m sparkstream.testing.examples > src/sparkstream/examples.json` writes them anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from sparkstream.auditing import audit_answer
from sparkstream.live import snapshot
from sparkstream.queries import Window
from sparkstream.stage import Line, run_stage
from sparkstream.status import whole_status
from sparkstream.stores import LayeredStore, open_store
from sparkstream.stores.base import JobStatus, Stamp
from sparkstream.testing.annotator import KnownAnalysis, KnownEntity, KnownKeyword, KnownLabel
from sparkstream.times import MINUTE, format_time, parse_time
from sparkstream.views import Views

TOPIC: Final = "world-cup"
NOW: Final = parse_time("2026-11-22T21:59:30Z")
_WINDOW: Final = Window(parse_time("2026-11-22T21:45:00Z"), parse_time("2026-11-22T22:00:00Z"))
_STAMP: Final = Stamp("3f9c2a7d51b08e64", 118)

# minutes before NOW, author, kind, language, sentiment, emotion, entities, keywords, hashtags, text
_POSTS: Final[tuple[tuple[Any, ...], ...]] = (
    (0, "ada", "original", "en", "positive", "joy", ["PERSON:Ada Okoro"], ["penalty shootout"], ["WorldCup"],
     "What a penalty shootout, Ada Okoro is a wall! 🎉 #WorldCup"),
    (1, "ben", "repost", "en", "positive", "joy", ["PERSON:Ada Okoro"], ["penalty shootout"], ["WorldCup"],
     "What a penalty shootout, Ada Okoro is a wall! 🎉 #WorldCup"),
    (2, "cyd", "original", "en", "negative", "sadness", [], ["penalty shootout"], ["WorldCup"],
     "I cannot watch another penalty shootout, not again #WorldCup"),
    (3, "dee", "reply", "en", "neutral", "none", ["PLACE:Lisbon"], ["second half"], [],
     "The second half starts in Lisbon now https://example.org/live"),
    (8, "eve", "original", "de", "positive", "surprise", ["PLACE:Lisbon"], ["zweite halbzeit"], ["WorldCup"],
     "Was für eine zweite Halbzeit in Lisbon! #WorldCup"),
    (12, "fay", "quote", "pt", "not_rated", "not_rated", ["PLACE:Lisbon"], ["segunda parte"], [],
     "Que segunda parte"),
    (17, "ada", "original", "en", "neutral", "fear", [], ["second half"], ["WorldCup"],
     "Nervous about the second half #WorldCup"),
)  # fmt: skip


class _Told:
    """Finds in a text what _POSTS says of it."""

    versions: Mapping[str, str] = {"sentiment": "0.1.0", "emotion": "0.1.0", "entities": "3.8.0", "keywords": "0.7.3"}

    def analyze(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> KnownAnalysis:
        rows = [next(row for row in _POSTS if row[-1] == text) for text in texts]
        entities = [[entity.split(":") for entity in row[6]] for row in rows]
        return KnownAnalysis(
            entities=[[KnownEntity(text, kind) for kind, text in some] for some in entities],
            keywords=[[KnownKeyword(text, 0.02) for text in row[7]] for row in rows],
            sentiment=[KnownLabel(row[4], 0.0 if row[4] == "not_rated" else 0.91) for row in rows],
            emotion=[KnownLabel(row[5], 0.0 if row[5] == "not_rated" else 0.7) for row in rows],
        )


def example_answers() -> dict[str, Any]:
    """An answer of each route, by the route's path."""
    with example_store() as store:
        audited = audit_answer(store, [TOPIC], _WINDOW)
        return _answers(Views(store, clock=lambda: NOW)) | {"/v1/audit": audited}


@contextmanager
def example_store() -> Iterator[LayeredStore]:
    """With the evening in it; seen at NOW."""
    with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:{Path(folder) / 'views.db'}")) as store:
        _fill(store)
        yield store


def _answers(views: Views) -> dict[str, Any]:
    about = "/v1/topics/{topic}/"
    return {
        "/v1/topics": views.topics(),
        f"{about}summary": views.summary(TOPIC, _WINDOW),
        f"{about}series": views.series(TOPIC, _WINDOW, "5m"),
        f"{about}top": views.top(TOPIC, _WINDOW, "keyword", limit=3),
        f"{about}posts": views.posts(TOPIC, _WINDOW, limit=2),
        f"{about}coverage": views.coverage(TOPIC, _WINDOW),
        "/v1/status": whole_status(views),
        "/v1/live": snapshot(views, TOPIC, "5m"),
    }


def _fill(store: LayeredStore) -> None:
    lines = [Line(f"spool:{number}", orjson.dumps(record)) for number, record in enumerate(_records())]
    store.master.begin(_STAMP)
    result = run_stage(lines, _STAMP, store.master, _Told(), now=NOW)
    status = JobStatus(_STAMP.run, _STAMP.batch, NOW, rate=0.23, lag=1_200, models=result.models)
    store.speed.apply(_STAMP, result.deltas, status)


def _records() -> list[dict[str, Any]]:
    query = '"world cup" OR #WorldCup'
    at = format_time(_WINDOW.start - 45 * MINUTE)
    topic = {"schema": 1, "event": "topic", "id": TOPIC, "query": query, "state": "started", "at": at}
    gap = {
        "schema": 1,
        "event": "gap",
        "id": "gap:x:1790000000000",
        "network": "x",
        "topics": [TOPIC],
        "from": format_time(NOW - 11 * MINUTE),
        "to": format_time(NOW - 10 * MINUTE),
        "reason": "disconnected",
        "filled": False,
    }
    return [topic, gap, *(_post(number, row) for number, row in enumerate(_POSTS))]


def _post(number: int, row: tuple[Any, ...]) -> dict[str, Any]:
    minutes, author, kind, lang, *_, hashtags, text = row
    created_at, post = NOW - minutes * MINUTE - 3_877, 1_790_000_000_000_000_000 - number
    return {
        "schema": 1,
        "event": "post",
        "id": f"x:{post}",
        "version": 0,
        "network": "x",
        "topics": [TOPIC],
        "created_at": format_time(created_at),
        "received_at": format_time(created_at + 878),
        "author": {"id": f"x:{author}", "handle": author, "name": author.title()},
        "text": text,
        "lang": lang,
        "kind": kind,
        "refers_to": None if kind == "original" else "x:1790000000000000000",
        "hashtags": hashtags,
        "mentions": [],
        "urls": [word for word in text.split() if word.startswith("https://")],
        "permalink": f"https://x.com/{author}/status/{post}",
    }


if __name__ == "__main__":
    print(orjson.dumps(example_answers(), option=orjson.OPT_INDENT_2).decode())
