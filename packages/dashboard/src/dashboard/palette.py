"""The colours, once: the CSS variables and the figures' templates come from here, so a page never shows two blues.

Positive, neutral and negative stay apart under protanopia, deuteranopia and tritanopia (dE76 of 83 and more between
positive and negative) and reach AA contrast on the panels of their theme; shape and order repeat what colour says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    page: str
    panel: str
    line: str
    track: str
    field: str  # the border of what is typed into: 3:1 on a panel
    ink: str
    muted: str
    accent: str
    positive: str
    neutral: str
    negative: str
    unrated: str
    warning: str
    alive: str


PALETTES: Final[Mapping[Scheme, Palette]] = {
    "light": Palette(
        page="#f7f7f9",
        panel="#ffffff",
        line="#e4e5ea",
        track="#eef0f3",
        field="#8b93a1",
        ink="#16181d",
        muted="#5b6472",
        accent="#5746af",
        positive="#0f6cad",
        neutral="#6b7280",
        negative="#b54708",
        unrated="#c9ced6",
        warning="#8a5a00",
        alive="#1a7f4b",
    ),
    "dark": Palette(
        page="#0f1013",
        panel="#17191e",
        line="#2a2d35",
        track="#23262d",
        field="#6b7380",
        ink="#eceef2",
        muted="#a9b1bd",
        accent="#a99cf5",
        positive="#56b4e9",
        neutral="#a9b1bd",
        negative="#f2994a",
        unrated="#454b57",
        warning="#e8b04b",
        alive="#4cc38a",
    ),
}


def css() -> str:
    """The palettes as CSS variables, `--positive` and so on, under Mantine's attribute of the colour scheme."""
    return "\n".join(
        f':root[data-mantine-color-scheme="{scheme}"] {{ color-scheme: {scheme}; {_variables(palette)} }}'
        for scheme, palette in PALETTES.items()
    )


def _variables(palette: Palette) -> str:
    return " ".join(f"--{field.name}: {getattr(palette, field.name)};" for field in fields(palette))
