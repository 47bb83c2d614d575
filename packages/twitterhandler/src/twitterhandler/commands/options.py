"""Options and arguments that several commands have."""

from typing import Annotated

import typer

Topics = Annotated[str | None, typer.Option(help="The topics' file (default: sqlite:./data/topics.db).")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Sources = Annotated[list[str] | None, typer.Option(help="Listen only to this network; may be repeated.")]
Languages = Annotated[list[str] | None, typer.Option(help="Keep only posts in it; may be repeated.")]
Reposts = Annotated[bool | None, typer.Option("--reposts/--no-reposts", help="Whether plain reposts are kept.")]
Slug = Annotated[str, typer.Argument(help="The topic's slug, such as world-cup.")]
Networks = Annotated[list[str] | None, typer.Option(help="For this network only; may be repeated (default: all).")]
QueryText = Annotated[str, typer.Argument(metavar="QUERY", help="Such as '\"world cup\" OR #WorldCup -tickets'.")]
Limit = Annotated[int | None, typer.Option(help="Posts after which it is stopped; 0: no end.", min=0)]
Until = Annotated[str | None, typer.Option(help="When it is stopped: 2026-12-31, or with a time; empty: no end.")]
