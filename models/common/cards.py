"""The card of a model: what it is, from what, how good; and the digests of its files."""

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

from models.common.errors import NotReleasedError

PACKAGE_DATA = Path(__file__).parents[2] / "packages/nlp-services/src/nlp_services/data"
LARGEST = 12_500_000
"""Bytes that one model may have; all together 25 MB."""


def read_card(folder: Path) -> dict[str, Any] | None:
    """None where no model is yet."""
    file = folder / "card.json"
    found: dict[str, Any] | None = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    return found


def write_card(folder: Path, name: str, card: dict[str, Any], *, made_with: dict[str, str]) -> None:
    """Writes card.json beside the files of the model."""
    (folder / "card.json").unlink(missing_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    if size > LARGEST:
        raise NotReleasedError(f"{name} has {size} bytes, more than {LARGEST}; make it smaller")
    whole = {
        "name": name,
        **card,
        "command": f"nox -s models -- {name}",
        "bytes": size,
        "made_with": {"python": platform.python_version(), **made_with},
        "sha256": {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        },
    }
    (folder / "card.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
