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
_RUN = """async ({ rules, within, isOnlyNew }) => {
    const isNew = (element) => element.checkVisibility() && !globalThis.shownElements.has(element);
    const roots = within ? [...document.querySelectorAll(within)] : [document.documentElement];
    const elements = roots.flatMap((root) => [root, ...root.querySelectorAll("*")]);
    const newElements = isOnlyNew ? elements.filter(isNew) : [];
    if (isOnlyNew && newElements.length === 0) return [];
    const options = { runOnly: rules, resultTypes: ["violations"] };
    const { violations } = await axe.run(isOnlyNew ? newElements : (within ?? document), options);
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id}: ${help}, at ${target.flat().join(" ")}: ${failureSummary}`));
}"""
_REMEMBER_SHOWN = """() => {
    const elements = [...document.querySelectorAll("*")];
    globalThis.shownElements = new WeakSet(elements.filter((element) => element.checkVisibility()));
}"""
_CONTENT_AND_VISIBLE_WIDTH = "() => [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]"


async def findings(page: Page, *, within: str | None = None) -> list[str]:
    """Problems of the open page once it is loaded, light and dark, wide and narrow, horizontal scrolling included.

    The caller waits for something that only this page shows: a click that opens a page returns before it is there.
    Narrow and dark, only elements that the wide page does not show are checked: the others have the same colours there.
    ``within`` is a selector of the parts to check; the whole page without it.
    """
    await page.wait_for_load_state()
    found: list[str] = []
    wide, narrow = WIDTHS
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        content_width, visible_width = await page.evaluate(_CONTENT_AND_VISIBLE_WIDTH)
        if content_width > visible_width:
            found.append(f"{width}: the page is {content_width} wide")
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            is_only_new = (width, scheme) == (narrow, "dark")
            problems = await violations(page, scheme, within=within, is_only_new=is_only_new)
            found += (f"{width} {scheme}: {problem}" for problem in problems)
        if width == wide:
            await page.evaluate(_REMEMBER_SHOWN)
    return found


async def violations(
    page: Page | Frame, scheme: Literal["light", "dark"], *, within: str | None = None, is_only_new: bool = False
) -> list[str]:
    """Problems of a page or a frame that is shown in the colour scheme ``scheme``.

    ``is_only_new`` leaves out the elements that ``_REMEMBER_SHOWN`` found.
    """
    options = {"rules": _RULES[scheme], "within": within, "isOnlyNew": is_only_new}
    found: list[str] = await page.evaluate(_RUN, options)
    return found
