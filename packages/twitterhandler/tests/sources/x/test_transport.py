import asyncio
import contextlib
import logging
import traceback

import pytest
from aiohttp import web
from twitterhandler.errors import SettingError, SourceRefusedError, SourceUnavailableError
from twitterhandler.sources.x import BearerToken, XTransport
from twitterhandler.sources.x.transport import stream_timeout
from twitterhandler.testing import LoopClock, run_virtually

SECRET = "AAAA-bearer-secret"


@contextlib.asynccontextmanager
async def x_answering(handler, *, url=None):
    """A transport to a server that answers each request by `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = url or f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with XTransport(BearerToken(SECRET), base_url=url, clock=LoopClock()) as transport:
            yield transport
    finally:
        await runner.cleanup()


def asking(handler, *, method="GET", url=None, **request):
    async def ask():
        async with x_answering(handler, url=url) as transport:
            return await transport.ask(method, "/2/usage/tweets", **request)

    return run_virtually(ask())


async def nothing(request):
    return web.json_response({})


def test_json_is_asked_for_with_the_key():
    async def echo(request):
        body = await request.json() if request.can_read_body else None
        return web.json_response(
            {
                "key": request.headers["Authorization"] == f"Bearer {SECRET}",
                "path": request.path_qs,
                "method": request.method,
                "body": body,
            }
        )

    found = asking(echo, params={"query": "tea OR #tea", "max_results": 100})
    assert (found["key"], found["method"], found["body"]) == (True, "GET", None)
    assert found["path"] == "/2/usage/tweets?query=tea+OR+%23tea&max_results=100"
    assert asking(echo, method="POST", body={"add": []})["body"] == {"add": []}


def test_whatever_host_a_session_is_asked_for_it_goes_to_the_one_that_was_set():
    async def tell(request):
        return web.json_response({"host": request.host, "path": request.raw_path})

    async def ask():
        url = "https://api.twitter.com/2/tweets/search/stream?a=%23b"
        async with x_answering(tell) as x, x.session(stream_timeout(5)) as session, session.get(url) as answer:
            return await answer.json()

    found = run_virtually(ask())
    assert found["host"].startswith("127.0.0.1:")
    assert found["path"] == "/2/tweets/search/stream?a=%23b"


@pytest.mark.parametrize(
    ("status", "error", "trouble"),
    [
        (503, SourceUnavailableError, "server"),
        (429, SourceUnavailableError, "rate_limit"),
        (401, SourceRefusedError, 0),
    ],
)
def test_a_refusal_is_an_error_of_ours(status, error, trouble):
    async def refuse(request):
        return web.Response(status=status, text="<html>")

    with pytest.raises(error) as caught:
        asking(refuse)
    assert getattr(caught.value, "trouble", 0) == trouble


def test_the_reset_of_the_limit_is_seconds_from_now():
    async def refuse(request):
        reset = int(LoopClock().now().timestamp()) + 40
        return web.Response(status=429, headers={"X-Rate-Limit-Reset": str(reset)})

    with pytest.raises(SourceUnavailableError) as caught:
        asking(refuse)
    assert caught.value.wait == 41.0


def test_a_redirect_is_not_followed_with_the_key():
    asked = []

    async def elsewhere(request):
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "https://example.org/"})

    with pytest.raises(SourceRefusedError, match="correct TWITTERHANDLER_X_URL"):
        asking(elsewhere)
    assert len(asked) == 1


def test_a_server_that_hangs_up_is_asked_once():
    asked = []

    async def hang_up(request):
        asked.append(request.path)
        request.transport.abort()
        return web.Response()

    with pytest.raises(SourceUnavailableError, match="the connection to X broke") as caught:
        asking(hang_up)
    assert (caught.value.trouble, caught.value.reached) == ("network", True)
    assert len(asked) == 1


def test_a_server_that_does_not_answer_is_unavailable():
    async def dawdle(request):
        await asyncio.sleep(3_600)

    with pytest.raises(SourceUnavailableError, match="did not answer in time"):
        asking(dawdle)


@pytest.mark.parametrize(
    ("url", "reason"),
    [("http://127.0.0.1:1", "check the network"), ("http://x.invalid", "its name cannot be resolved")],
)
def test_what_is_not_reached_does_not_count_as_asked(url, reason):
    with pytest.raises(SourceUnavailableError, match="X cannot be reached: ") as caught:
        asking(nothing, url=url)
    assert reason in str(caught.value)
    assert not caught.value.reached


@pytest.mark.parametrize("body", ["<html>", "[]", "", "null"])
def test_an_answer_that_is_no_object_is_unavailable(body):
    async def answer(request):
        return web.Response(text=body)

    with pytest.raises(SourceUnavailableError, match="something that is no"):
        asking(answer)


@pytest.mark.parametrize(
    "url", ["api.x.com", "ftp://api.x.com", "https://api.x.com/2", "https://me:pass@api.x.com", ""]
)
def test_a_url_that_is_none_is_said_at_once_and_not_repeated(url):
    with pytest.raises(SettingError, match="write https://HOST") as caught:
        XTransport(BearerToken(SECRET), base_url=url)
    assert "pass" not in str(caught.value)


def test_it_may_be_closed_twice():
    async def ask():
        async with x_answering(nothing) as transport:
            await transport.ask("GET", "/2/usage/tweets")
            await transport.close()

    run_virtually(ask())


def test_an_answer_that_is_no_http_shows_no_key_in_any_error_of_the_chain():
    async def ask():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, XTransport(BearerToken(SECRET), base_url=url) as transport:
            with pytest.raises(SourceUnavailableError) as caught:
                await transport.ask("GET", "/2/usage/tweets")
        return caught.value

    error, shown = run_virtually(ask()), ""
    while error:
        shown += f"{error!r} {error.args}"
        error = error.__cause__ or error.__context__
    assert "ClientResponseError" in shown
    assert SECRET not in shown


class TestTheKey:
    @pytest.mark.parametrize("value", ["", "  ", "two words", "line\nfeed", "schlüssel"])
    def test_is_refused_where_no_header_holds_it(self, value):
        with pytest.raises(SettingError, match="copy it again"):
            BearerToken(value)

    def test_may_have_been_copied_with_blanks(self):
        assert BearerToken(f" {SECRET}\n").reveal() == SECRET

    def test_is_in_no_repr(self):
        transport = XTransport(BearerToken(SECRET))
        assert SECRET not in f"{BearerToken(SECRET)!r} {BearerToken(SECRET)} {vars(transport)!r}"

    @pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 500])
    def test_is_in_no_error_and_no_log_even_if_x_sends_it_back(self, status, caplog):
        async def echo(request):
            text = f'{{"detail": "what is {request.headers["Authorization"]}?"}}{"" if status >= 400 else SECRET}'
            return web.Response(status=status, text=text, headers={"Location": f"/{SECRET}"})

        caplog.set_level(logging.DEBUG)
        with pytest.raises((SourceUnavailableError, SourceRefusedError)) as caught:
            asking(echo)
        chain, error = [], caught.value
        while error:
            chain.append(f"{error!r} {vars(error)}")
            error = error.__cause__ or error.__context__
        assert SECRET not in "".join(traceback.format_exception(caught.value)) + "".join(chain) + caplog.text
