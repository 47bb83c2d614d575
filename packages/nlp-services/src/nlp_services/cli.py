"""`nlp-services`: entities, keywords, sentiment and emotion of posts, on a terminal and over HTTP."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from typer.exceptions import TyperException

from nlp_services.__about__ import __version__
from nlp_services.annotations import CAPABILITIES
from nlp_services.errors import BackendError, InputError, NlpError, SettingsError

if TYPE_CHECKING:
    from nlp_services.analyzer import Analyzer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=__doc__,
    epilog="Example: nlp-services analyze posts.jsonl",
)


def _known(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        if name not in CAPABILITIES:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(CAPABILITIES)}")
    return names


Only = Annotated[
    list[str] | None,
    typer.Option("--only", callback=_known, metavar="CAPABILITY", help="This one alone; may be given more than once."),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nlp-services {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and end.")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: nlp-services analyze posts.jsonl --only sentiment --only emotion")
def analyze(
    file: Annotated[
        str,
        typer.Argument(
            help="JSONL with a `text` (and `lang`) a line, plain lines, or CSV with a column `text`; - reads stdin."
        ),
    ],
    only: Only = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="FILE is CSV, though it is not called .csv.")] = False,
) -> None:
    """The posts of FILE as JSONL, each with what was found in it; on a terminal a bar says how far it is."""
    from nlp_services.progress import Progress
    from nlp_services.records import BATCH, annotate, read_csv, read_records

    with _opened(file) as lines, Progress(sys.stderr, lambda: _share_read(lines)) as progress:
        analyzer = _analyzer(only)
        read = read_csv if as_csv or file.lower().endswith(".csv") else read_records
        done = 0
        for done, record in enumerate(annotate(read(lines), analyzer), start=1):
            progress.give_way()
            print(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode())
            if done % BATCH == 0:
                progress.show(done)
        progress.show(done)


@app.command(epilog="Example: nlp-services serve --only keywords")
def serve(only: Only = None) -> None:
    """The HTTP API, on NLP_SERVICES_HOST and NLP_SERVICES_PORT (127.0.0.1:9004); its page of routes is at /docs."""
    from nlp_services.api import create_app
    from nlp_services.serving import run
    from nlp_services.settings import load_settings

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("absl").setLevel(logging.WARNING)  # TensorFlow tells how it loads a model
    settings = load_settings()
    run(create_app(_analyzer(only), token=settings.token), settings.host, settings.port)


@app.command(epilog="Example: nlp-services models --json")
def models(as_json: Annotated[bool, typer.Option("--json", help="The whole cards.")] = False) -> None:
    """The models in this package: versions, sizes, how good they are."""
    from nlp_services.cards import NAMES, load_card

    cards = [load_card(name) for name in NAMES]
    if as_json:
        typer.echo(json.dumps([card.facts for card in cards], indent=2, ensure_ascii=False))
        return
    for card in cards:
        measures = (f"{name} {value}" for name, value in card.measures())
        typer.echo(f"{card.name} {card.version}  {card.facts['bytes'] / 1e6:.1f} MB  {', '.join(measures)}")
        if altered := card.altered_files():
            raise NlpError(f"{card.name}: {', '.join(altered)} not as trained; install tweet-nlp-services again")


@app.command(epilog="Example: nlp-services evaluate labelled.jsonl --json")
def evaluate(
    dataset: Annotated[
        Path,
        typer.Argument(
            help="JSONL, .gz or not: `text` with `label` (one), `labels` (several) or `ents` (start, end, label); "
            "or `texts` with their `topic`. Texts are English where no `lang` says otherwise."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """How right the models are on labelled posts: each measure with its 95 % interval."""
    from nlp_services.evaluation import evaluate_file

    kind, measures = evaluate_file(dataset, _analyzer(None))
    if as_json:
        typer.echo(json.dumps({"for": kind, "measures": {name: asdict(found) for name, found in measures.items()}}))
        return
    for name, found in measures.items():
        typer.echo(f"{name:<26}{found.value:.3f}  ({found.low:.3f} to {found.high:.3f}, {found.rows:,} {kind})")


def _analyzer(only: list[str] | None) -> "Analyzer":
    from nlp_services.analyzer import Analyzer
    from nlp_services.settings import load_settings

    settings = load_settings()
    chosen = only or CAPABILITIES
    token = settings.backends_token.get_secret_value() if settings.backends_token else None
    urls = {name: getattr(settings, name) if name in chosen else None for name in CAPABILITIES}
    return Analyzer(**urls, token=token)


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    if file == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # a terminal's or a pipe's
        yield sys.stdin
        return
    try:
        with Path(file).open(encoding="utf-8", errors="replace", newline="") as lines:
            yield lines
    except (FileNotFoundError, IsADirectoryError, PermissionError) as exc:
        raise InputError(f"cannot read {file} ({exc.strerror}); give a file, or - for stdin") from exc


def _share_read(lines: TextIO) -> float | None:
    """By the bytes of a file; of a pipe or a terminal nobody knows the end."""
    if not lines.seekable():
        return None
    size = os.fstat(lines.fileno()).st_size
    return lines.buffer.tell() / size if size else 1.0  # the text's own position is not to be had while it is read


def main() -> None:
    """The console program: errors are one line on stderr; 1 says that it failed, 2 that it was used wrongly."""
    try:
        sys.exit(app(prog_name="nlp-services", standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except TyperException as error:
        if message := error.format_message().rstrip("."):  # without a command there is none: the help has been shown
            print(f"nlp-services: {message}; see `nlp-services --help`", file=sys.stderr)
        sys.exit(2)
    except NlpError as error:
        print(f"nlp-services: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (BackendError, SettingsError)) else 1)
    except BrokenPipeError:  # `… | head` has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
