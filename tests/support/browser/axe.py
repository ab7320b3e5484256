"""Runs axe-core (accessibility checks) on a page, in light and dark, wide and narrow; finds horizontal scrolling."""

from pathlib import Path
from typing import Literal

from playwright.async_api import Frame, Page

AXE = Path(__file__).resolve().parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
"""For ``add_init_script``: the page's content security policy does not apply to a script that the browser adds."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 360)
HEIGHT = 800
_RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast", "link-in-text-block"],  # only colours differ from the light page
}
_RUN = """async ({ rules, within }) => {
    const { violations } = await axe.run(within ?? document, { runOnly: rules, resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${help}, at ${target.flat().join(" ")}: ${failureSummary}`));
}"""
_CONTENT_AND_VISIBLE_WIDTH = "() => [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]"


async def findings(page: Page, *, within: str | None = None) -> list[str]:
    """Problems of the open page, light and dark, wide and narrow, horizontal scrolling included.

    ``within`` is a selector of the parts to check; the whole page without it.
    """
    found: list[str] = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        content_width, visible_width = await page.evaluate(_CONTENT_AND_VISIBLE_WIDTH)
        if content_width > visible_width:
            found.append(f"{width}: the page is {content_width} wide")
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += (f"{width} {scheme}: {problem}" for problem in await violations(page, scheme, within=within))
    return found


async def violations(page: Page | Frame, scheme: Literal["light", "dark"], *, within: str | None = None) -> list[str]:
    """Problems of a page or a frame that is shown in the colour scheme ``scheme``."""
    found: list[str] = await page.evaluate(_RUN, {"rules": _RULES[scheme], "within": within})
    return found
