"""The commands of `sparkstream` that keep a store in order: batch, audit, forget, dead, migrate."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from sparkstream.errors import SettingsError, UnknownTopicError

if TYPE_CHECKING:
    from sparkstream.annotation import AnnotatorFactory
    from sparkstream.folding import ParallelFolding
    from sparkstream.retention import Keeping
    from sparkstream.stores import LayeredStore
    from sparkstream.stores.protocols import MasterStore

app = typer.Typer()

Store = Annotated[
    str | None, typer.Option(help="sqlite:PATH [SPARKSTREAM_STORE, sqlite:./data/views.db]", show_default=False)
]
Speed = Annotated[
    str | None,
    typer.Option(help="Where the speed views are, if not in the store [SPARKSTREAM_SPEED]", show_default=False),
]
AnnotatorUrl = Annotated[
    str | None,
    typer.Option(help="local: (with the extra nlp), http://… or none: [SPARKSTREAM_ANNOTATOR]", show_default=False),
]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only this one; may be given again.")]
From = Annotated[str | None, typer.Option("--from", help="RFC 3339 with offset, as 2026-11-22T21:00:00Z.")]
To = Annotated[str | None, typer.Option("--to", help="The same.")]


@app.command(epilog="Example: sparkstream batch --topic world-cup --from 2026-11-22T20:00:00Z")
def batch(
    store: Store = None,
    speed: Speed = None,
    topic: Topics = None,
    start: From = None,
    end: To = None,
    *,
    whole: Annotated[bool, typer.Option("--all", help="Fold everything again, not only what is new.")] = False,
    reannotate: Annotated[
        bool, typer.Option("--reannotate", help="Find meaning in the posts once more, as with newer models.")
    ] = False,
    annotator: AnnotatorUrl = None,
) -> None:
    """Fold the batch views from the master set, and put away what is kept no longer; the job may run meanwhile."""
    from sparkstream.batch import BatchLayer
    from sparkstream.retention import Retention
    from sparkstream.times import LATEST, format_time

    first, last = (0 if whole else _time("--from", start)), _time("--to", end)
    with _opened(store, speed) as opened:
        began, layer = time.monotonic(), BatchLayer(opened, _now, _side_by_side(store))
        if reannotate:
            rows = layer.annotate_again(
                annotator_of(annotator)(), topic, start=first or 0, end=LATEST if last is None else last
            )
            print(f"{rows} posts annotated again")
            first = first or 0
        for done in layer.run(topic, start=first, end=last):
            print(
                f"{done.topic}  generation {done.generation}  until {format_time(done.until)}  {done.posts} posts read"
            )
        expired = Retention(opened, _keeping(), _now).run()
        for name, days in (("posts", expired.posts), ("sums", expired.views)):
            for about, day in days:
                print(f"{about}  the {name} of {format_time(day)[:10]} have gone")
        print(f"{time.monotonic() - began:.1f} s")


@app.command(epilog="Example: sparkstream audit --topic world-cup")
def audit(
    store: Store = None,
    speed: Speed = None,
    topic: Topics = None,
    start: From = None,
    end: To = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, of every hour.")] = False,
) -> None:
    """Hold every hour of the views against a fresh fold of the posts; exit code 1 where they differ."""
    from dataclasses import asdict

    from sparkstream.auditing import audit as audited
    from sparkstream.times import DAY, LATEST, format_time

    first, last = _time("--from", start) or 0, _time("--to", end) or LATEST
    hours = wrong = 0
    with _opened(store, speed) as opened:
        all_known = opened.topics()
        for slug in set(topic or ()) - {known.slug for known in all_known}:
            raise UnknownTopicError(slug)
        for known in all_known:
            if (topic and known.slug not in topic) or known.first_post is None or known.last_post is None:
                continue
            oldest = min([known.first_post, *opened.batch.frozen(known.slug)])
            for hour in audited(opened, known.slug, max(first, oldest), min(last, known.last_post + DAY)):
                hours, wrong = hours + 1, wrong + bool(hour.differs)
                at = format_time(hour.start)
                if as_json:
                    print(json.dumps({**asdict(hour), "start": at}))
                elif hour.differs:
                    counts = f"posts {hour.master}, batch {hour.batch}, speed {hour.speed}"
                    moving = "; a micro-batch is under way" if hour.moving else ""
                    print(f"{at}  {printable(hour.topic)}  {', '.join(hour.differs)} differ ({counts}){moving}")
    if not as_json:
        said = f"{wrong} differ" if wrong else "no difference"
        print(f"{hours} hours, {said}" if hours else "there are no posts to hold the views against; look at --store")
    if wrong:
        sys.exit(1)


@app.command(epilog="Example: sparkstream forget --author x:42")
def forget(
    store: Store = None,
    speed: Speed = None,
    *,
    post: Annotated[list[str] | None, typer.Option("--id", help="Of a post; may be given again.")] = None,
    author: Annotated[str | None, typer.Option(help="The id of an author, as x:42: all posts.")] = None,
    topic: Annotated[str | None, typer.Option(help="A topic, with all that only it has.")] = None,
) -> None:
    """Remove posts from the store and all views, and keep every later copy out."""
    from sparkstream.forgetting import Forgetting

    if sum(asked is not None for asked in (post or None, author, topic)) != 1:
        raise SettingsError("say what to forget: --id, --author or --topic, one of them")
    with _opened(store, speed) as opened:
        forgetting = Forgetting(opened, _now)
        done = (
            forgetting.posts(post) if post else forgetting.author(author) if author else forgetting.topic(topic or "")
        )
    print(f"{done.posts} posts and {done.dead_letters} dead letters are forgotten")


@app.command(epilog="Example: sparkstream dead --limit 5 --json")
def dead(
    store: Store = None,
    speed: Speed = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with the raw text.")] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Read them again, as after a fix; those that are good now are counted.")
    ] = False,
    annotator: AnnotatorUrl = None,
) -> None:
    """List the lines that could not be read, with the reason."""
    from sparkstream.letters import replay as read_again
    from sparkstream.times import format_time

    if replay:
        with _opened(store, speed) as whole:
            print(f"{read_again(whole, annotator_of(annotator)(), _now)} can be read now")
        return
    with _master(store) as opened:
        for letter in opened.dead_letters(limit):
            at = format_time(letter.at)
            print(
                json.dumps({"id": letter.id, "at": at, "reason": letter.reason, "raw": letter.raw})
                if as_json
                else f"{at}  {printable(letter.id)}  {printable(letter.reason)}"
            )
        count = opened.dead_letter_count()
    if not as_json:
        print(f"{count} dead letters in all" if count else "no dead letters")


@app.command(epilog="Example: sparkstream migrate --store sqlite:./data/views.db")
def migrate(store: Store = None, speed: Speed = None) -> None:
    """Make a store, or bring one that an older version made up to date; stop what uses it, and copy it before."""
    with _opened(store, speed, migrate=True):
        print("the store is up to date")


def annotator_of(asked: str | None) -> AnnotatorFactory:
    """By the option, the setting, or what is installed."""
    from importlib.util import find_spec

    from sparkstream.annotators import annotator_factory
    from sparkstream.settings import Settings

    settings = Settings()
    url = asked or settings.annotator
    if url is None and find_spec("nlp_services") is None:
        print("sparkstream: posts are counted, not rated; `pip install 'sparkstream[nlp]'` rates them", file=sys.stderr)
        url = "none:"
    token = settings.annotator_token.get_secret_value() if settings.annotator_token else None
    return annotator_factory(url or "local:", token=token)


@contextmanager
def _opened(store: str | None, speed: str | None, *, migrate: bool = False) -> Iterator[LayeredStore]:
    from sparkstream.settings import Settings
    from sparkstream.stores import open_store

    settings = Settings()
    with closing(open_store(store or settings.store, speed or settings.speed, migrate=migrate, make=migrate)) as opened:
        yield opened


@contextmanager
def _master(store: str | None) -> Iterator[MasterStore]:
    from sparkstream.settings import Settings
    from sparkstream.stores import open_master

    master, batch = open_master(store or Settings().store, make=False)
    with closing(batch), closing(master):
        yield master


def _side_by_side(store: str | None) -> ParallelFolding:
    from sparkstream.session import start_session
    from sparkstream.settings import Settings
    from sparkstream.spark_folding import SparkFolding

    settings = Settings()
    return SparkFolding(
        lambda: start_session(settings.master, driver_memory=settings.driver_memory), store or settings.store
    )


def _keeping() -> Keeping:
    from sparkstream.retention import Keeping
    from sparkstream.settings import Settings
    from sparkstream.times import DAY

    settings = Settings()
    posts, views = (None if days is None else round(days * DAY) for days in (settings.keep_posts, settings.keep_views))
    return Keeping(posts=posts, views=views)


def _time(name: str, value: str | None) -> int | None:
    from sparkstream.times import parse_time

    try:
        return None if value is None else parse_time(value)
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            f"{name} {value!r} is no time; write it as 2026-11-22T21:00:00Z, with its offset"
        ) from error


def _now() -> int:
    return time.time_ns() // 1_000_000


def printable(text: str) -> str:
    """What a collector or a line said, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "�" for char in text)
