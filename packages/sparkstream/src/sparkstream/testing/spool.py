"""A spool as its writer leaves it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from pathlib import Path


def write_spool(folder: Path, lines: Iterable[bytes], *, segment_bytes: int = 16 << 20, base: int = 0) -> None:
    """Make a spool of these lines, without newlines, in segments of about that size, the first at position `base`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spool.json").write_text(json.dumps({"spool": uuid.uuid4().hex, "format": 1}))
    segment = bytearray()
    for line in lines:
        segment += line + b"\n"
        if len(segment) >= segment_bytes:
            _write(folder, base, segment)
            base += len(segment)
            segment = bytearray()
    _write(folder, base, segment)


def _write(folder: Path, base: int, segment: bytes | bytearray) -> None:
    (folder / f"{base:020d}.jsonl").write_bytes(segment)
