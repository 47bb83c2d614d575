"""What requests carry, as FastAPI's dependencies: the views asked, the period, the filter."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Query, Request, WebSocket

from sparkstream.errors import QueryError
from sparkstream.queries import Asked, Emotion, Facet, Filter, Kind, Sentiment, Window, make_filter, window
from sparkstream.stores import LayeredStore
from sparkstream.times import parse_time
from sparkstream.views import Views

Slug: TypeAlias = Annotated[str, Path(description="A topic, as GET /v1/topics names it", examples=["world-cup"])]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=200)]
Cursor: TypeAlias = Annotated[str | None, Query(description="`next` of the page before, as it is")]
_Time: TypeAlias = Annotated[str | None, Query(description="RFC 3339 with offset", examples=["2026-11-22T21:45:00Z"])]


def _views(request: Request) -> Views:
    """For one answer: a layer that is down is down for all of it."""
    views: Views = request.app.state.views
    return views.at_once()


def _store(request: Request) -> LayeredStore:
    store: LayeredStore = request.app.state.store
    return store


AskedStore: TypeAlias = Annotated[LayeredStore, Depends(_store)]
AskedViews: TypeAlias = Annotated[Views, Depends(_views)]


def _window(
    views: AskedViews,
    start: Annotated[_Time, Query(alias="from")] = None,
    end: Annotated[_Time, Query(alias="to")] = None,
) -> Window:
    return window(_time("from", start), _time("to", end), now=views.clock())


_Lang: TypeAlias = Annotated[str | None, Query(description="A language as a summary names it", examples=["en"])]
_Word: TypeAlias = Annotated[str | None, Query(description="One word that the text holds", examples=["penalty"])]


def _filter(
    sentiment: Sentiment | None = None,
    emotion: Emotion | None = None,
    kind: Kind | None = None,
    lang: _Lang = None,
    facet: Facet | None = None,
    *,
    term: str | None = None,
    q: _Word = None,
) -> Filter:
    return make_filter(sentiment=sentiment, emotion=emotion, kind=kind, lang=lang, facet=facet, term=term, q=q)


def _top_filter(
    sentiment: Sentiment | None = None,
    emotion: Emotion | None = None,
    kind: Kind | None = None,
    lang: _Lang = None,
    with_facet: Facet | None = None,
    *,
    with_term: str | None = None,
    q: _Word = None,
) -> Filter:
    return make_filter(
        sentiment=sentiment, emotion=emotion, kind=kind, lang=lang, facet=with_facet, term=with_term, q=q
    )


def _live_filter(socket: WebSocket) -> Filter | None:
    given = socket.query_params
    try:
        return make_filter(**{name: given.get(name) for name in Asked.__annotations__})
    except QueryError:
        return None


AskedWindow: TypeAlias = Annotated[Window, Depends(_window)]
AskedFilter: TypeAlias = Annotated[Filter, Depends(_filter)]
LiveFilter: TypeAlias = Annotated[Filter | None, Depends(_live_filter)]
"""Of a socket, which is closed when it means nothing (None)."""
TopFilter: TypeAlias = Annotated[Filter, Depends(_top_filter)]
"""Of a top, whose `facet` says what is listed: the term filter is named `with_facet` and `with_term`."""


def _time(name: str, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return parse_time(value.replace(" ", "+"))  # a bare + in a URL is read as a space
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{name} {value!r} is no time; write it as 2026-11-22T21:59:00Z, with its offset") from error
