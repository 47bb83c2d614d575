"""tweepy without any change: its address stays X's, only the resolver says that X is here."""

import asyncio
import socket
import ssl

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from tweepy import StreamRule
from tweepy.asynchronous import AsyncStreamingClient
from twitterhandler.testing.xserver import FakeX
from twitterhandler.testing.xserver.certificate import Certificate


class Here(AbstractResolver):
    def __init__(self, x: FakeX) -> None:
        self._port = int(x.url.rpartition(":")[2])

    async def resolve(self, host, port=0, family=socket.AF_INET):
        address = {"hostname": host, "host": "127.0.0.1", "port": self._port, "proto": 0, "flags": 0}
        return [{**address, "family": socket.AF_INET}]

    async def close(self) -> None:
        pass


def session(x, trust):
    connector = aiohttp.TCPConnector(resolver=Here(x), ssl=trust)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(sock_read=21))


def test_a_client_that_trusts_its_certificate_takes_it_for_x(virtually):
    async def main(x):
        heard = []

        class Client(AsyncStreamingClient):
            async def on_tweet(self, tweet):
                heard.append(tweet.text)

        client = Client(x.token)
        client.session = session(x, x.trust)
        await client.add_rules(StreamRule("tea", "topic:tea"))
        task = client.filter()
        await asyncio.sleep(1)
        x.push("tea, encrypted")
        await asyncio.sleep(60)
        client.disconnect()
        await task
        await client.session.close()
        return x.url, heard

    url, heard = virtually(main, tls=True)
    assert url.startswith("https://127.0.0.1:")
    assert heard == ["tea, encrypted"]


@pytest.mark.parametrize(("trust", "host"), [("default", "api.x.com"), ("other", "api.x.com"), ("its own", "x.com")])
def test_nobody_else_takes_it_for_x(trust, host, virtually):
    async def main(x):
        contexts = {"default": ssl.create_default_context(), "other": Certificate.make().client(), "its own": x.trust}
        async with session(x, contexts[trust]) as http:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await http.get(f"https://{host}/2/usage/tweets")

    virtually(main, tls=True)


def test_strict_checks_find_nothing_wrong_with_it(virtually):
    async def main(x):
        strict = x.trust
        strict.verify_flags |= ssl.VERIFY_X509_STRICT
        async with session(x, strict) as http:
            return (await http.get("https://api.twitter.com/2/usage/tweets")).status

    assert virtually(main, tls=True) == 401


def test_without_tls_there_is_nothing_to_trust():
    with pytest.raises(ValueError, match="tls=True"):
        _ = FakeX().trust
