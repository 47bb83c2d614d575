"""Topics: what is listened to. The registry keeps them in an SQLite file of its own, which several processes may
open.
"""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from twitterhandler.clock import format_time, parse_time
from twitterhandler.errors import QueryError, RegistryError, SettingError, TopicExistsError, TopicNotFoundError
from twitterhandler.posts import Post, TopicState, slug
from twitterhandler.query import MAX_LENGTH, Query, language

Network = Literal["x", "bluesky", "mastodon", "sim"]

StoppedBy = Literal["limit"]

_FORMAT: Final = 3
_SCHEMA: Final = """
create table if not exists topics (
    slug text primary key, query text not null, sources text not null, languages text not null,
    reposts integer not null, state text not null, revision integer not null,
    most integer, until text, stopped_by text, stopped_because text
) without rowid
"""
_SINCE: Final = {1: ("most integer", "until text", "stopped_by text"), 2: ("stopped_because text",)}
"""Columns that files of these formats do not have yet."""
_SPENDING: Final = "create table if not exists spending (scope text primary key, posts integer not null) without rowid"
_MOST: Final = 1 << 62
_NEXT_REVISION: Final = "(select coalesce(max(revision), 0) + 1 from topics)"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and which of the posts that match its query are wanted.

    Attributes:
        sources: Networks to listen on; empty means all.
        languages: BCP 47 codes of posts to keep (`en` keeps `en-GB` too); empty means all.
        reposts: Whether plain reposts are kept.
        limit: Posts after which it is stopped; None for no end.
        until: When it is stopped, in UTC; None for no end.
        stopped_by: `limit` when a limit stopped it: its own, an end date or the budget; None when somebody did.
        stopped_because: Which limit, and what to do to go on.
    """

    slug: str
    query: str
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    reposts: bool = True
    state: TopicState = "stopped"
    limit: int | None = None
    until: datetime | None = None
    stopped_by: StoppedBy | None = None
    stopped_because: str | None = None

    def check(self, *, max_length: int = MAX_LENGTH) -> None:
        """Raises what is wrong with it; `max_length` is that of a rule of X, which depends on the account.

        Raises:
            SettingError: the slug is none, a source or a language is not known, or X's rule gets too long.
            QueryError: the query cannot be parsed, or a source of the topic cannot answer it.
        """
        if not self.slug or slug(self.slug) != self.slug:
            raise SettingError(f"{self.slug!r} is no slug; write letters and digits joined by `-`: {slug(self.slug)!r}")
        for source in self.sources:
            if source not in get_args(Network):
                raise SettingError(f"source {source!r} is not known; choose from {', '.join(get_args(Network))}")
        if self.limit is not None and not 0 < self.limit < _MOST:
            raise SettingError(f"a limit of {self.limit} posts cannot be; take 1 or more, or none")
        if self.until is not None and self.until.tzinfo is None:
            raise SettingError(f"{self.until} has no offset; write it as 2026-12-31T00:00:00Z")
        for code in self.languages:
            try:
                language(code)
            except ValueError as exc:
                raise SettingError(f"{code!r} is no language: it {exc}") from None
        Query.parse(self.query, max_length=max_length).check(self.sources)
        if self.on_x and (over := len(self.x_rule()) - max_length) > 0:
            raise SettingError(
                f"with languages and reposts X's rule is {over:,} characters too long; shorten the query"
            )

    @property
    def on_x(self) -> bool:
        return not self.sources or "x" in self.sources

    def x_rule(self) -> str:
        """What X is asked for: what is wanted and nothing else, because each post that it sends costs."""
        query = Query.parse(self.query, max_length=len(self.query))
        return query.on_x(languages=self.languages, reposts=self.reposts)

    def accepts(self, post: Post) -> bool:
        """Whether a post that matches the query is wanted."""
        if self.sources and post.network not in self.sources:
            return False
        if post.kind == "repost" and not self.reposts:
            return False
        language = post.lang.casefold()
        return not self.languages or any(
            language == wanted.casefold() or language.startswith(f"{wanted.casefold()}-") for wanted in self.languages
        )


class TopicRegistry:
    """The topics of a file. Each call opens and closes it, so any thread and any process may call.

    A topic that was removed stays in the file as `deleted`, so that a reader of the queue can be told; its slug may
    be taken again.
    """

    def __init__(self, path: Path) -> None:
        """Opens or makes the file.

        Raises:
            RegistryError: it cannot be opened, or a newer version wrote it.
        """
        self.path = path
        with self._connect() as connection:
            number = connection.execute("pragma user_version").fetchone()[0]
            if number not in range(_FORMAT + 1):
                raise RegistryError(f"{path} is of format {number}, not {_FORMAT}; update twitterhandler")
            connection.execute(_SCHEMA)
            connection.execute(_SPENDING)
            if 0 < number < _FORMAT:
                _renew(connection, number)
            connection.execute(f"pragma user_version = {_FORMAT}")

    def add(self, topic: Topic) -> Topic:
        """Keeps a new topic.

        Raises:
            TopicExistsError: the slug is taken.
            SettingError, QueryError: see `Topic.check`.
        """
        topic.check()
        with self._connect() as connection:
            if _find(connection, topic.slug) is not None:
                raise TopicExistsError(topic.slug)
            _store(connection, topic)
            connection.execute("delete from spending where scope in (?, ?)", topic_scopes(topic.slug))
        return topic

    def get(self, slug: str) -> Topic:
        """The topic.

        Raises:
            TopicNotFoundError: there is none.
        """
        with self._connect() as connection:
            return _known(connection, slug)

    def topics(self) -> Sequence[Topic]:
        """Those that were not removed, by slug."""
        return [topic for topic in self.all() if topic.state != "deleted"]

    def all(self) -> Sequence[Topic]:
        """The removed ones too, by slug."""
        with self._connect() as connection:
            return [_topic(row) for row in connection.execute("select * from topics order by slug")]

    def change(self, slug: str, **fields: Any) -> Topic:
        """Changes fields of a topic: `query`, `sources`, `languages`, `reposts`, `state`, `limit`, `until`.

        Who changes the state is the one who stopped it, unless `stopped_by` and `stopped_because` say otherwise.

        Raises:
            TopicNotFoundError: there is none.
            SettingError, QueryError: see `Topic.check`.
        """
        with self._connect() as connection:
            if "state" in fields:
                fields = {"stopped_by": None, "stopped_because": None, **fields}
            topic = replace(_known(connection, slug), **fields)
            topic.check()
            _store(connection, topic)
        return topic

    def remove(self, slug: str) -> None:
        """Forgets a topic.

        Raises:
            TopicNotFoundError: there is none.
        """
        self.change(slug, state="deleted")

    def revision(self) -> int:
        """Grows with each change, by whatever process."""
        with self._connect() as connection:
            return int(connection.execute("select coalesce(max(revision), 0) from topics").fetchone()[0])

    def spending(self) -> dict[str, int]:
        """How many posts were counted, by scope: see `budget`."""
        with self._connect() as connection:
            return dict(connection.execute("select scope, posts from spending").fetchall())

    def spend(self, posts: Mapping[str, int]) -> None:
        """Keeps counts by scope; others stay as they are."""
        with self._connect() as connection:
            connection.executemany("replace into spending values (?, ?)", posts.items())

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that is written when the block ends well."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self.path, timeout=5, isolation_level=None)) as connection:
                connection.execute("begin immediate")
                yield connection
                connection.execute("commit")
        except RegistryError:
            raise
        except (sqlite3.Error, OSError) as exc:
            raise RegistryError(f"cannot use the topics' file {self.path}: {exc}; check its folder and rights") from exc


def _find(connection: sqlite3.Connection, slug: str) -> Topic | None:
    row = connection.execute("select * from topics where slug = ? and state != 'deleted'", [slug]).fetchone()
    return _topic(row) if row else None


def _known(connection: sqlite3.Connection, slug: str) -> Topic:
    topic = _find(connection, slug)
    if topic is None:
        raise TopicNotFoundError(slug)
    return topic


def _renew(connection: sqlite3.Connection, number: int) -> None:
    """Makes a file of an older format one of ours; a topic whose query is none any more is stopped."""
    for column in (column for known, columns in _SINCE.items() if known >= number for column in columns):
        connection.execute(f"alter table topics add column {column}")
    for topic in map(_topic, connection.execute("select * from topics where state = 'started'").fetchall()):
        try:
            topic.check()
        except (QueryError, SettingError) as exc:
            log.warning("topic %s is stopped: %s", topic.slug, exc)
            _store(connection, replace(topic, state="stopped"))


def topic_scopes(slug: str) -> tuple[str, str]:
    """Under which a topic's posts are counted: all, and those that are paid for."""
    return f"topic:{slug}", f"paid:{slug}"


def _store(connection: sqlite3.Connection, topic: Topic) -> None:
    values = [topic.slug, topic.query, json.dumps(topic.sources), json.dumps(topic.languages), topic.reposts]
    until = format_time(topic.until.astimezone(UTC)) if topic.until else None
    connection.execute(
        f"replace into topics values (?, ?, ?, ?, ?, ?, {_NEXT_REVISION}, ?, ?, ?, ?)",
        [*values, topic.state, topic.limit, until, topic.stopped_by, topic.stopped_because],
    )


def _topic(row: tuple[Any, ...]) -> Topic:
    slug, query, sources, languages, reposts, state, _, limit, until, *stopped = row
    lists = tuple(json.loads(sources)), tuple(json.loads(languages))
    moment = parse_time(until) if until else None
    return Topic(slug, query, *lists, bool(reposts), state, limit, moment, *stopped)
