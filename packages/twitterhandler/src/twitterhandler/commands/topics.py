"""`twitterhandler topics`: what is listened to."""

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import orjson
import typer

from twitterhandler.clock import format_time, parse_time
from twitterhandler.commands.options import Json, Languages, Limit, QueryText, Reposts, Slug, Sources, Topics, Until
from twitterhandler.errors import SettingError
from twitterhandler.settings import Settings
from twitterhandler.topics import Topic

app = typer.Typer(no_args_is_help=True, help="The topics that are listened to.")


@app.command("add", epilog="Example: twitterhandler topics add world-cup '#WorldCup lang:en' --start")
def add_topic(
    slug: Slug,
    text: QueryText,
    source: Sources = None,
    language: Languages = None,
    reposts: Reposts = None,
    limit: Limit = None,
    until: Until = None,
    begin: Annotated[bool, typer.Option("--start", help="Start it at once.")] = False,
    topics: Topics = None,
) -> None:
    """Keep a new topic."""
    state: Literal["started", "stopped"] = "started" if begin else "stopped"
    wanted = _wanted(source=source, language=language, reposts=reposts, **_limits(limit, until))
    Settings.read(topics=topics).open_registry().add(Topic(slug, text, state=state, **wanted))


@app.command("change", epilog="Example: twitterhandler topics change world-cup --language en --no-reposts")
def change_topic(
    slug: Slug,
    text: Annotated[str | None, typer.Option("--query", metavar="QUERY", help="What it looks for from now on.")] = None,
    source: Sources = None,
    language: Languages = None,
    reposts: Reposts = None,
    limit: Limit = None,
    until: Until = None,
    topics: Topics = None,
) -> None:
    """Change what a topic looks for; what is not named stays. An empty --language or --source means all again."""
    changed = _wanted(query=text, source=source, language=language, reposts=reposts, **_limits(limit, until))
    if not changed:
        raise SettingError("nothing to change; name --query, --source, --language, --reposts, --limit or --until")
    Settings.read(topics=topics).open_registry().change(slug, **changed)


def _wanted(*, source: list[str] | None, language: list[str] | None, **others: object) -> dict[str, Any]:
    """The named options as fields of a topic; an empty text clears a list."""
    lists = {"sources": source, "languages": language}
    texts = {name: tuple(filter(None, value)) for name, value in lists.items() if value}
    return {
        **texts,
        **{name: value for name, value in others.items() if value is not None or name in ("limit", "until")},
    }


def _limits(limit: int | None, until: str | None) -> dict[str, Any]:
    """Those that were named; None takes one away."""
    named: dict[str, Any] = {} if limit is None else {"limit": limit or None}
    return named if until is None else {**named, "until": _moment(until)}


def _moment(text: str) -> datetime | None:
    """A day of UTC, or a time with its offset; None of an empty text."""
    if not text.strip():
        return None
    moment = _read(text)
    if moment <= datetime.now(UTC):
        raise SettingError(f"{text} has passed; name a time that is still to come, or an empty one for no end")
    return moment


def _read(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        return parse_time(text)
    except ValueError:
        raise SettingError(f"{text!r} is no time; write 2026-12-31 or 2026-12-31T18:00:00Z") from None


@app.command("list", epilog="Example: twitterhandler topics list --json")
def list_topics(json: Json = False, topics: Topics = None) -> None:
    """All topics."""
    found = Settings.read(topics=topics).open_registry().topics()
    if json:
        print(orjson.dumps([_plain(topic) for topic in found], option=orjson.OPT_INDENT_2).decode())
        return
    if not found:
        print("there are none yet; `twitterhandler topics add` makes one", file=sys.stderr)
    width = max((len(topic.slug) for topic in found), default=0)
    for topic in found:
        print(f"{topic.slug:{width}}  {topic.state:7}  {topic.query}{_narrowed(topic)}")
        if topic.stopped_by:
            print(
                f"{'':{width}}  because {topic.stopped_because or 'a limit is reached; raise it, then start it again'}"
            )


def _narrowed(topic: Topic) -> str:
    """What else was asked for, as it would be typed."""
    named = [("--source", source) for source in topic.sources]
    named += [("--language", language) for language in topic.languages]
    named += [("--limit", str(topic.limit))] * (topic.limit is not None)
    named += [("--until", format_time(topic.until))] if topic.until else []
    words = [f"{option} {value}" for option, value in named] + ["--no-reposts"] * (not topic.reposts)
    return f"  ({' '.join(words)})" if words else ""


def _plain(topic: Topic) -> dict[str, Any]:
    return {**asdict(topic), "until": topic.until and format_time(topic.until)}


@app.command("start", epilog="Example: twitterhandler topics start world-cup")
def start_topic(slug: Slug, topics: Topics = None) -> None:
    """Listen to a topic."""
    Settings.read(topics=topics).open_registry().change(slug, state="started")


@app.command("stop", epilog="Example: twitterhandler topics stop world-cup")
def stop_topic(slug: Slug, topics: Topics = None) -> None:
    """Listen to a topic no longer."""
    Settings.read(topics=topics).open_registry().change(slug, state="stopped")


@app.command("rm", epilog="Example: twitterhandler topics rm world-cup")
def remove_topic(slug: Slug, topics: Topics = None) -> None:
    """Forget a topic."""
    Settings.read(topics=topics).open_registry().remove(slug)
