"""The command of `sparkstream` that does beforehand what would keep a first job waiting."""

from __future__ import annotations

import sys
import time

import typer

app = typer.Typer()


@app.command(epilog="Example: sparkstream prepare")
def prepare() -> None:
    """Put by what Spark loads as it starts, so that jobs and batches start in half the time."""
    from sparkstream.class_archive import record

    began = time.monotonic()
    if sys.stderr.isatty():
        print("a job that reads one line shows what Spark loads; this takes about half a minute", file=sys.stderr)
    archive, new = record()
    size, took = archive.stat().st_size / 2**20, time.monotonic() - began
    print(f"{archive}  {size:,.0f} MB" + (f", made in {took:.0f} s" if new else ", is there already"))
