"""A store of a made-up day, as a job leaves it, and the posts that are in it."""

from dataclasses import replace
from pathlib import Path

from factories import NOON, STATUS, feed, gap, some_day, topic_event
from sparkstream.annotation import AnnotatedPost
from sparkstream.stores import LayeredStore, open_store
from sparkstream.times import HOUR, MINUTE
from sparkstream.views import Views

NOW = NOON + 26 * HOUR + 17_000
END = NOON + 26 * HOUR
GAP = (NOON + 3 * HOUR, NOON + 3 * HOUR + 90_000)


class World:
    """`posts` are (topic, post) pairs read back from the master set; `views` see them at NOW, with a job that runs."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:{folder / 'views.db'}"
        self.store: LayeredStore = open_store(self.url)
        feed(
            self.store, [topic_event("tea", query='tea OR kettle OR Kyoto OR "#Tea"'), topic_event("milk", query=None)]
        )
        values = some_day()
        for batch in range(1, 6):
            feed(self.store, values[batch - 1 :: 5], batch)
        feed(self.store, [gap(*GAP), b"torn"], 6)
        self.store.speed.heartbeat(replace(STATUS, updated_at=NOW - 1_000))
        self.posts: list[tuple[str, AnnotatedPost]] = [
            (topic, stored.post)
            for topic in ("tea", "coffee")
            for stored in self.store.master.scan(topic, 0, END + HOUR)
        ]
        self.views = Views(self.store, clock=lambda: NOW)

    def of(self, topic: str, start: int, end: int) -> list[AnnotatedPost]:
        return [post for about, post in self.posts if about == topic and start <= post.event_time < end]

    def close(self) -> None:
        self.store.close()


__all__ = ["END", "GAP", "MINUTE", "NOW", "World"]
