"""What one writes with tweepy in an afternoon: a stream, and one send for each post. A program of its own.

    python plain.py URL TOKEN POSTS (FILE | kafka://HOST:PORT/TOPIC)

To a file by tweepy's StreamingClient, each post flushed; to Kafka by its AsyncStreamingClient, each post acknowledged.
Prints one line of JSON: posts, seconds and seconds of CPU from the first to the last.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import requests
import tweepy
from aiokafka import AIOKafkaProducer
from requests.adapters import HTTPAdapter
from tweepy.asynchronous import AsyncStreamingClient
from twitterhandler.sources import default_topics
from yarl import URL

ASKED: dict[str, Any] = {
    "tweet_fields": ["author_id", "created_at", "entities", "lang", "note_tweet", "referenced_tweets"],
    "expansions": ["author_id", "referenced_tweets.id", "referenced_tweets.id.author_id"],
}


class Count:
    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._posts = 0
        self._began = self._cpu = 0.0

    def is_enough(self) -> bool:
        """Counts one; prints the figures at the last."""
        if not self._posts:
            self._began, self._cpu = time.perf_counter(), time.process_time()
        self._posts += 1
        if self._posts < self._wanted:
            return False
        print(
            json.dumps(
                {
                    "posts": self._posts,
                    "seconds": time.perf_counter() - self._began,
                    "cpu": time.process_time() - self._cpu,
                }
            ),
            flush=True,
        )
        return True


class Elsewhere(HTTPAdapter):
    """Sends what is meant for X to the fake."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        assert request.url
        request.url = self._url + request.url.partition("api.twitter.com")[2]
        return super().send(request, *arguments, **options)


class ToFile(tweepy.StreamingClient):
    def __init__(self, url: str, token: str, posts: int, file: Path) -> None:
        super().__init__(token)
        self.session.mount("https://", Elsewhere(url))
        self._file = file.open("w", encoding="utf-8")
        self._count = Count(posts)

    def on_tweet(self, tweet: tweepy.Tweet) -> None:
        self._file.write(json.dumps(tweet.data) + "\n")
        self._file.flush()
        if self._count.is_enough():
            self.disconnect()


class ToKafka(AsyncStreamingClient):
    def __init__(self, token: str, posts: int, producer: AIOKafkaProducer, topic: str) -> None:
        super().__init__(token)
        self._producer = producer
        self._topic = topic
        self._count = Count(posts)

    async def on_tweet(self, tweet: tweepy.Tweet) -> None:
        await self._producer.send_and_wait(self._topic, json.dumps(tweet.data).encode(), key=str(tweet.id).encode())
        if self._count.is_enough():
            self.disconnect()


async def to_kafka(url: str, token: str, posts: int, place: str) -> None:
    base, address = URL(url), urlsplit(place)

    async def elsewhere(request: Any, handler: Any) -> Any:
        request.url = request.url.with_scheme(base.scheme).with_host(base.host).with_port(base.port)
        return await handler(request)

    async with AIOKafkaProducer(bootstrap_servers=address.netloc, acks="all") as producer:
        client = ToKafka(token, posts, producer, address.path.strip("/"))
        client.session = aiohttp.ClientSession(middlewares=(elsewhere,), timeout=aiohttp.ClientTimeout(sock_read=21))
        await client.add_rules([tweepy.StreamRule(topic.query, topic.slug) for topic in default_topics()])
        await client.filter(**ASKED)


def main() -> None:
    url, token, posts, place = sys.argv[1:]
    if place.startswith("kafka://"):
        asyncio.run(to_kafka(url, token, int(posts), place))
        return
    client = ToFile(url, token, int(posts), Path(place))
    client.add_rules([tweepy.StreamRule(topic.query, topic.slug) for topic in default_topics()])
    client.filter(**ASKED)


if __name__ == "__main__":
    main()
