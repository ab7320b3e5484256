"""Contrast of the colours that all pages of the product share (tokens.css): WCAG 2.2 AA, light and dark."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[3] / "frontend" / "pages" / "shared" / "tokens.css"
SURFACES = ("surface", "surface-raised", "surface-sunken")
TEXTS = [(role, on) for role in ("text", "text-quiet", "accent-text", "danger-text", "ok") for on in SURFACES] + [
    ("accent-ink", "accent-fill"),
    ("accent-text", "accent-tint"),
    ("text-quiet", "accent-tint"),
    ("text", "danger-tint"),
    ("danger-text", "danger-tint"),
    ("danger-ink", "danger-fill"),
    ("text", "warn-tint"),
    ("warn", "warn-tint"),
]
EDGES = [(role, on) for role in ("focus", "line-strong", "accent", "danger") for on in SURFACES]


def colours(theme: str) -> dict[str, str]:
    light, dark = TOKENS.read_text().split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found if theme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), TEXTS)
def test_text_stands_out_from_what_it_is_written_on(theme: str, text: str, surface: str) -> None:
    found = colours(theme)
    assert contrast(found[text], found[surface]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "surface"), EDGES)
def test_edges_that_carry_meaning_stand_out(theme: str, edge: str, surface: str) -> None:
    found = colours(theme)
    assert contrast(found[edge], found[surface]) >= 3
