"""One connection, to a server that speaks no better than it must."""

import asyncio
import contextlib

import pytest
from twitterhandler.sources.x import BearerToken, XTransport
from twitterhandler.sources.x.stream import Ended, Stream
from twitterhandler.testing import LoopClock, run_virtually

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
LINE = b'{"data":{"id":"1"}}\r\n'


class Heard:
    """A listener that only writes down."""

    def __init__(self):
        self.lines = []

    def opened(self, at):
        pass

    def line(self, line, at):
        self.lines.append(line)

    def silence(self, at):
        self.lines.append(b"")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def hearing(answer):
    """What is heard of these bytes, and how the connection ended."""

    async def main():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            head, end, body = answer.partition(b"\r\n\r\n")
            writer.write(head + end)
            await asyncio.sleep(0.1)
            writer.write(body)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(1)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        heard, clock = Heard(), LoopClock()
        async with server, XTransport(BearerToken("AAAA"), base_url=url, clock=clock) as transport:
            with pytest.raises(Ended) as caught:
                await Stream(transport, heard, clock).listen()
            await asyncio.sleep(2)  # until the server's side has ended, too
        return heard.lines, caught.value

    return run_virtually(main())


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + chunk(b"this is no gzip at all"),
        HEAD + b"\r\n" + chunk(LINE) + b"no size of a chunk\r\n",
        HEAD + b"\r\n" + chunk(LINE) + b"ffffff",
        HEAD + b"\r\n" + chunk(LINE[:10]),
        HEAD + b"\r\n" + chunk(b"\xff\xfe\r\n") + b"0\r\n\r\n",
        HEAD + b"\r\n0\r\n\r\n",
    ],
    ids=["no gzip", "no chunk", "a cut chunk", "a cut line", "no UTF-8", "nothing"],
)
def test_whatever_breaks_the_wire_ends_the_connection_and_nothing_else(answer):
    _, ended = hearing(answer)
    assert ended.reason in ("it broke", "X closed it", "silent for 23 s")


def test_a_connection_that_is_given_up_leaves_nothing_open():
    async def main():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"\r\n")
            gone.append(await reader.read())
            writer.close()

        gone = []
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, XTransport(BearerToken("AAAA"), base_url=url) as transport:
            listening = asyncio.create_task(Stream(transport, Heard(), LoopClock()).listen())
            await asyncio.sleep(5)
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
            await asyncio.sleep(1)
            assert gone == [b""]

    run_virtually(main())
