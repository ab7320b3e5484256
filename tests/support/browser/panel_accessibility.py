"""Runs axe-core (accessibility checks) on the phone's panel, and checks the sizes of its controls."""

from typing import Any

from playwright.async_api import Page

THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "ar": {"color_scheme": "light"},
    "small": {"color_scheme": "light", "viewport": {"width": 320, "height": 480}},
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
COLOUR_THEMES = {"dark", "forced"}
"""Checked by the colour rules only: everything else is as in the light panel, which all rules check."""
MIN_KEY_PIXELS = 44
MIN_TARGET_PIXELS = 24
# axe-core checks the panel only, because the page around it belongs to the customer.
# A pressed button is drawn smaller for a moment; its layout box, which offsetWidth gives, does not change.
RUN = """async ({ rules, least, key }) => {
    const host = document.querySelector("epoch-phone");
    const { violations } = await axe.run(host, { runOnly: rules, resultTypes: ["violations"] });
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id} at ${target.flat().join(" ")}: ${failureSummary}`));
    for (const control of host.shadowRoot.querySelectorAll("button, input, select")) {
        const { left, right } = control.getBoundingClientRect();
        const { offsetWidth: width, offsetHeight: height } = control;
        if (!width) continue;
        const name = control.getAttribute("aria-label") ?? control.innerText;
        const wanted = control.matches(".key") ? key : control.type === "checkbox" ? 0 : least;
        if (Math.min(width, height) < wanted) found.push(`${name} is ${width} by ${height}`);
        if (left < 0 || right > document.documentElement.clientWidth) found.push(`${name} sticks out`);
    }
    const { scrollWidth, clientWidth } = document.scrollingElement;
    if (scrollWidth > clientWidth) found.push("the page is too wide");
    return found;
}"""


async def findings(page: Page, theme: str) -> list[str]:
    """Problems of the open panel in one of ``THEMES``."""
    rules = COLOUR_RULES if theme in COLOUR_THEMES else RULES
    found: list[str] = await page.evaluate(RUN, {"rules": rules, "least": MIN_TARGET_PIXELS, "key": MIN_KEY_PIXELS})
    return found
