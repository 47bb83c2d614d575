"""The models in this package: where they are, what their cards say, and whether their files are the ones trained."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_services.errors import ModelError

_DATA = Path(__file__).parent / "data"
NAMES = ("entities", "sentiment", "emotion")


@dataclass(frozen=True, slots=True)
class Card:
    """A trained model: its folder, its version, and its whole card as written by the training."""

    name: str
    version: str
    folder: Path
    facts: dict[str, Any]

    def measures(self) -> Iterator[tuple[str, float]]:
        """What the card says of the test sets, one line deep: `f1` of the set `btc_test` is `btc_test f1`."""
        for name, found in self.facts["metrics"]["test"].items():
            if isinstance(found, dict):
                yield from ((f"{name} {measure}", value) for measure, value in found.items() if measure == "f1")
            else:
                yield name, found

    def altered_files(self) -> list[str]:
        """Files whose SHA-256 is not the card's, or that are absent; in a good installation there are none."""
        return [name for name, digest in self.facts["sha256"].items() if _digest(self.folder / name) != digest]


def load_card(name: str, *, data: Path = _DATA) -> Card:
    folder = data / name
    try:
        facts = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        return Card(name=facts["name"], version=facts["version"], folder=folder, facts=facts)
    except (OSError, ValueError, KeyError) as exc:
        raise ModelError(f"the model `{name}` has no card in {folder}; install tweet-nlp-services again") from exc


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
