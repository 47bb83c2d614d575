"""twitterhandler: the topics that are listened to, and whether a query is one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dashboard.clients.http import Client


class CollectorClient(Client):
    """Topics. Changing calls carry the token, when there is one.

    Raises (from all calls):
        UnknownTopicError: there is no such topic.
        RefusedError: the query is wrong (with its position), the slug is taken, or the token is not the right one.
        UpstreamDownError: not reachable, or it answered an error.
    """

    name = "the collector"

    async def check_query(self, query: str) -> dict[str, Any]:
        """{"valid": true, "explanation"} or {"valid": false, "position", "message"}."""
        return await self._change("POST", "/v1/queries/check", {"query": query})

    async def topic(self, slug: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._ask(_path(slug))
        return found

    async def add(self, slug: str, query: str, *, start: bool) -> dict[str, Any]:
        return await self._change("POST", "/v1/topics", {"slug": slug, "query": query, "start": start})

    async def change(self, slug: str, query: str) -> dict[str, Any]:
        return await self._change("PATCH", _path(slug), {"query": query})

    async def start(self, slug: str) -> dict[str, Any]:
        return await self._change("POST", f"{_path(slug)}/start")

    async def stop(self, slug: str) -> dict[str, Any]:
        return await self._change("POST", f"{_path(slug)}/stop")

    async def remove(self, slug: str) -> None:
        await self._call("DELETE", _path(slug))

    async def _change(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self._parsed(await self._call(method, path, body=body))
        return found


def _path(slug: str) -> str:
    return f"/v1/topics/{quote(slug, safe='')}"
