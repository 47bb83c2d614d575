"""Who may see the page, when a token is set: those who show it, by header, by cookie, or once in the address."""

from __future__ import annotations

from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.problems import problem

COOKIE = "dashboard_token"
_OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_DENIED = 4401


class TokenGate:
    """ASGI middleware.

    `/?token=…` sets a cookie and leads to the same page without it, so that it does not stay in the address bar.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] not in {"http", "websocket"}
            or scope["path"] in _OPEN_PATHS
            or self._shown(Headers(scope=scope))
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _DENIED})
        else:
            await self._answer(scope)(scope, receive, send)

    def _shown(self, headers: Headers) -> bool:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._same(credentials):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return morsel is not None and self._same(morsel.value)

    def _answer(self, scope: Scope) -> Response:
        query = parse_qsl(scope["query_string"].decode("latin-1"))
        if scope["method"] == "GET" and any(name == "token" and self._same(value) for name, value in query):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            # A path of two slashes would lead to another host.
            path = "/" + scope["path"].lstrip("/")
            answer: Response = RedirectResponse(path + (f"?{rest}" if rest else ""), status_code=303)
            answer.set_cookie(
                COOKIE, self._token.decode(), httponly=True, samesite="strict", secure=scope["scheme"] == "https"
            )
            return answer
        return problem(
            401, "Not allowed", "this page needs its token: open it once with ?token=…, or send Authorization: Bearer …"
        )

    def _same(self, shown: str) -> bool:
        return compare_digest(shown.encode(), self._token)
