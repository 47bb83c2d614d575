"""The servers until Ctrl-C, with their URLs: `python -m servers [kafka] [cassandra] [redis] [--data FOLDER]`.

`python -m servers fetch` only fetches what they need.
"""

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from servers import Cassandra, Kafka, Redis, ServerError, fetch
from servers.jars import PROFILES

KINDS = {"kafka": Kafka, "cassandra": Cassandra, "redis": Redis}


def main() -> int:
    parser = argparse.ArgumentParser("nox -s servers --", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*KINDS, "fetch"], help=f"{', '.join(KINDS)}")
    parser.add_argument("--data", type=Path, help="keep their data there  [default: a temporary folder]")
    chosen = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if chosen.names == ["fetch"]:
            fetch(*PROFILES)
        else:
            _run([name for name in KINDS if name in chosen.names or not chosen.names], chosen.data)
    except ServerError as exc:
        print(f"servers: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _run(names: list[str], data: Path | None) -> None:
    with contextlib.ExitStack() as held:
        root = data or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="servers-")))
        for name in names:
            began = time.monotonic()
            server = held.enter_context(KINDS[name](root / name))
            url = server.url() if isinstance(server, Redis) else server.url("posts")
            print(f"{name:10} {url}   ready in {time.monotonic() - began:.1f} s", flush=True)
        print(f"log files in {root}/*/*.log; Ctrl-C stops all", flush=True)
        signal.pause()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
