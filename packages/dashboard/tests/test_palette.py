from __future__ import annotations

import pytest
from dashboard.palette import PALETTES, Palette, css

TEXT = ("ink", "muted", "accent", "positive", "neutral", "negative", "warning")


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance of sRGB."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())
@pytest.mark.parametrize("name", TEXT)
def test_what_is_written_reaches_aa(palette: Palette, name: str) -> None:
    assert contrast(getattr(palette, name), palette.panel) >= 4.5
    assert contrast(getattr(palette, name), palette.page) >= 4.5


def test_each_theme_becomes_variables() -> None:
    assert f"--positive: {PALETTES['dark'].positive};" in css()
    assert css().count("data-mantine-color-scheme") == len(PALETTES)
