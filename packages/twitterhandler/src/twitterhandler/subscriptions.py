"""The topics that are listened to now, and what readers of the queue must be told of them."""

from collections.abc import Sequence
from datetime import datetime

from twitterhandler.posts import Post, TopicEvent
from twitterhandler.query import Query, matching
from twitterhandler.topics import Topic, TopicRegistry


class Subscriptions:
    """Matches posts of networks that have no rules of their own; follows the registry when it is refreshed."""

    def __init__(self, registry: TopicRegistry) -> None:
        self._registry = registry
        self._revision = -1
        self._known: dict[str, Topic] = {}
        self._queries: dict[str, Query] = {}

    def refresh(self, now: datetime) -> Sequence[TopicEvent]:
        """Reads the registry again; what changed since the last time (at first: every topic that it knows of)."""
        revision = self._registry.revision()
        if revision == self._revision:
            return ()
        topics = {topic.slug: topic for topic in self._registry.all()}
        changed = [topic for slug, topic in topics.items() if topic != self._known.get(slug)]
        self._revision, self._known = revision, topics
        self._queries = {slug: _parsed(topic) for slug, topic in topics.items() if topic.state == "started"}
        return [TopicEvent(topic.slug, topic.query, topic.state, now) for topic in changed]

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Those that are started."""
        return tuple(self._known[slug] for slug in self._queries)

    def on(self, network: str) -> tuple[str, ...]:
        """Slugs of those that listen to a network."""
        return tuple(topic.slug for topic in self.topics if not topic.sources or network in topic.sources)

    def match(self, post: Post) -> tuple[str, ...]:
        """Slugs of the started topics that want this post."""
        return tuple(slug for slug in matching(self._queries, post) if self._known[slug].accepts(post))


def _parsed(topic: Topic) -> Query:
    """However long: the registry has checked it."""
    return Query.parse(topic.query, max_length=len(topic.query))
