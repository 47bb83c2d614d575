"""Folders of one model's runs, and the command that makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.__main__ import main
from models.common.running import Run, newest


@dataclass(frozen=True)
class Workplace:
    name: str
    folder: Path
    easy: Mapping[str, float]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def artifacts(self) -> Path:
        return self.folder / "work" / self.name / "artifacts"

    @property
    def metadata(self) -> Path:
        return self.folder / "work" / self.name / "metadata.db"

    @property
    def wheel(self) -> Path:
        return self.folder / "wheel"

    def train(self, **floors: float) -> int:
        places = {place: str(self.folder / place) for place in ("data", "work", "serving", "wheel")}
        words = [word for place, path in places.items() for word in (f"--{place}", path)]
        bounds = [word for bound in {**self.easy, **floors}.items() for word in ("--floor", "=".join(map(str, bound)))]
        (self.folder / "wheel").mkdir(exist_ok=True)
        return main([self.name, *words, *bounds])

    def newest(self) -> Run:
        return newest(self.metadata)

    def versions(self) -> list[Path]:
        """What TensorFlow Serving finds under its base path."""
        return sorted((self.folder / "serving" / self.name).glob("*"))
