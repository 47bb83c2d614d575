"""The view API (docs/contracts/views.md) over HTTP: the few routes that trending reads."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx2

from trending.errors import ProviderAnswerError, ProviderUnavailableError, UnknownTopicError
from trending.values import Facet, Period

PAGE = 200  # the most that the view API lists at once
TIMEOUT = 10.0  # seconds

Parameters = Mapping[str, str | int]


class Heard(NamedTuple):
    """`gaps`: when nothing is known; `down`: the layers that the answer does without."""

    gaps: Sequence[Period]
    down: frozenset[str]


class ViewClient:
    """Answers as plain values; what fails is one of our errors. Owns its connections: close it.

    Where `down` says which layers an answer may do without, one without others is a `ProviderUnavailableError`.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = httpx2.AsyncClient(timeout=TIMEOUT)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def check(self) -> None:
        await self._get("/healthz", {})

    async def newest_post(self, topic: str) -> datetime | None:
        """When the newest post of the topic was made; None before its first."""
        down = frozenset[str]()
        async for page in self._pages("/v1/topics", {}):
            down |= self._down(page)
            for item in page["items"]:
                if item.get("slug") == topic:
                    return self._time(item.get("last_post"))
        if down:
            raise self._passing(f"cannot tell whether there is a topic {topic!r} without its {_named(down)} layer")
        raise UnknownTopicError(topic)

    async def heard(self, topic: str, period: Period) -> Heard:
        """What is not known of a period, and which layers are down."""
        answer = await self._get(f"{_about(topic)}/coverage", _bounds(period))
        items = [item for item in self._listed(answer, "coverage") if not item.get("filled")]
        return Heard([self._gap(item) for item in items], self._down(answer))

    async def posts(self, topic: str, period: Period, *, down: frozenset[str] = frozenset()) -> int:
        summary = await self._get(f"{_about(topic)}/summary", _bounds(period))
        self._same_layers(summary, down)
        return self._count(summary)

    async def top(
        self, topic: str, facet: Facet, period: Period, limit: int, *, down: frozenset[str] = frozenset()
    ) -> tuple[dict[str, int], bool]:
        """The posts of the `limit` most frequent terms, and whether these are all there are.

        The words of the topic's own query are hidden: they are what was asked for, not what is news.
        """
        terms: dict[str, int] = {}
        asked = {"facet": facet, "include_query_words": "false", **_bounds(period)}
        async for page in self._pages(f"{_about(topic)}/top", asked):
            self._same_layers(page, down)
            for item in page["items"]:
                if len(terms) == limit:
                    return terms, False
                terms[str(item.get("term"))] = self._count(item)
        return terms, True

    async def _pages(self, path: str, parameters: Parameters) -> AsyncIterator[dict[str, Any]]:
        page: dict[str, Any] = {}
        while not page or page.get("next"):
            page = await self._get(path, {**parameters, "limit": PAGE, **({"cursor": page["next"]} if page else {})})
            self._listed(page, path)
            yield page

    async def _get(self, path: str, parameters: Parameters) -> dict[str, Any]:
        try:
            answer = await self._http.get(self._url + path, params=dict(parameters))
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise self._unavailable(f"does not answer ({error or type(error).__name__})") from error
        if answer.status_code == HTTPStatus.NOT_FOUND and path.startswith("/v1/topics/"):
            raise UnknownTopicError(path.split("/")[3])
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._unavailable(f"answers {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            raise self._strange(f"{answer.status_code} to {path}")
        return self._object(answer, path)

    def _object(self, answer: httpx2.Response, path: str) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError as error:
            raise self._strange(f"no JSON to {path}") from error
        if not isinstance(body, dict):
            raise self._strange(f"no object to {path}")
        return body

    def _listed(self, page: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
        items = page.get("items")
        if not isinstance(items, list):
            raise self._strange(f"no items to {path}")
        return items

    def _down(self, answer: Mapping[str, Any]) -> frozenset[str]:
        layers = answer.get("layers") or {}
        return frozenset(layers.get("down", ()))

    def _same_layers(self, answer: Mapping[str, Any], down: frozenset[str]) -> None:
        """Numbers of which some are without a layer cannot be compared."""
        if self._down(answer) != down:
            raise self._passing("lost or found a layer while it was asked")

    def _gap(self, item: Mapping[str, Any]) -> Period:
        start, end = self._time(item.get("from")), self._time(item.get("to"))
        if start is None or end is None:
            raise self._strange("a gap without its times")
        return Period(start, end)

    def _count(self, item: Mapping[str, Any]) -> int:
        posts = item.get("posts")
        if not isinstance(posts, int):
            raise self._strange(f"{posts!r} where a number of posts belongs")
        return posts

    def _time(self, text: Any) -> datetime | None:
        try:
            return datetime.fromisoformat(text).astimezone(UTC) if text else None
        except (TypeError, ValueError) as error:
            raise self._strange(f"{text!r} where a time belongs") from error

    def _unavailable(self, what: str) -> ProviderUnavailableError:
        return ProviderUnavailableError(
            f"the view API at {self._url} {what}; start it with `sparkstream serve`, or set TRENDING_VIEWS_URL"
        )

    def _passing(self, what: str) -> ProviderUnavailableError:
        return ProviderUnavailableError(f"the view API at {self._url} {what}; ask again, /readyz names what is down")

    def _strange(self, what: str) -> ProviderAnswerError:
        return ProviderAnswerError(
            f"what listens at {self._url} answers {what}: no view API, or another version; see TRENDING_VIEWS_URL"
        )


def _about(topic: str) -> str:
    return f"/v1/topics/{quote(topic, safe='')}"


def _named(layers: frozenset[str]) -> str:
    return " and ".join(sorted(layers))


def _bounds(period: Period) -> dict[str, str]:
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}
