"""Runs axe-core on a page in light and dark, wide and narrow."""

from pathlib import Path
from typing import Literal

from playwright.async_api import Frame, Page

AXE = Path(__file__).resolve().parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
"""To be an init script of the context: put in by the browser itself, it needs no exception in the pages' policy."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 360)
HEIGHT = 800
_RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast", "link-in-text-block"],  # the same page in other colours
}
_RUN = """async (rules) => {
    const { violations } = await axe.run({ runOnly: rules, resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${help}, at ${target.flat().join(" ")}: ${failureSummary}`));
}"""
_REACH = "() => [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]"


async def findings(page: Page) -> list[str]:
    """What is wrong with the page as it is open, light and dark, wide and narrow; sideways scrolling counts."""
    found: list[str] = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        reaches, has = await page.evaluate(_REACH)
        if reaches > has:
            found.append(f"{width}: the page is {reaches} wide")
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += (f"{width} {scheme}: {problem}" for problem in await violations(page, scheme))
    return found


async def violations(place: Page | Frame, scheme: Literal["light", "dark"]) -> list[str]:
    """What is wrong with a page or a frame in the look that it has now, which is ``scheme``."""
    found: list[str] = await place.evaluate(_RUN, _RULES[scheme])
    return found
