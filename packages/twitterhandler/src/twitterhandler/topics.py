"""Topics: what is listened to. The registry keeps them in an SQLite file of its own, which several processes may
open.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from twitterhandler.errors import RegistryError, SettingError, TopicExistsError, TopicNotFoundError
from twitterhandler.posts import Post, TopicState, slug
from twitterhandler.query import MAX_LENGTH, Query, language

Network = Literal["x", "sim"]

_FORMAT: Final = 1
_SCHEMA: Final = """
create table if not exists topics (
    slug text primary key, query text not null, sources text not null, languages text not null,
    reposts integer not null, state text not null, revision integer not null
) without rowid
"""
_NEXT_REVISION: Final = "(select coalesce(max(revision), 0) + 1 from topics)"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and which of the posts that match its query are wanted.

    Attributes:
        sources: Networks to listen on; empty means all.
        languages: BCP 47 codes of posts to keep (`en` keeps `en-GB` too); empty means all.
        reposts: Whether plain reposts are kept.
    """

    slug: str
    query: str
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    reposts: bool = True
    state: TopicState = "stopped"

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
        for code in self.languages:
            try:
                language(code)
            except ValueError as exc:
                raise SettingError(f"{code!r} is no language: it {exc}") from None
        Query.parse(self.query, max_length=max_length).check(self.sources)
        if (not self.sources or "x" in self.sources) and (over := len(self.x_rule()) - max_length) > 0:
            raise SettingError(
                f"with languages and reposts X's rule is {over:,} characters too long; shorten the query"
            )

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
            if number not in (0, _FORMAT):
                raise RegistryError(f"{path} is of format {number}, not {_FORMAT}; update twitterhandler")
            connection.execute(_SCHEMA)
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
        """Changes fields of a topic: `query`, `sources`, `languages`, `reposts`, `state`.

        Raises:
            TopicNotFoundError: there is none.
            SettingError, QueryError: see `Topic.check`.
        """
        with self._connect() as connection:
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


def _store(connection: sqlite3.Connection, topic: Topic) -> None:
    values = [topic.slug, topic.query, json.dumps(topic.sources), json.dumps(topic.languages), topic.reposts]
    connection.execute(f"replace into topics values (?, ?, ?, ?, ?, ?, {_NEXT_REVISION})", [*values, topic.state])


def _topic(row: tuple[Any, ...]) -> Topic:
    slug, query, sources, languages, reposts, state, _ = row
    return Topic(slug, query, tuple(json.loads(sources)), tuple(json.loads(languages)), bool(reposts), state)
