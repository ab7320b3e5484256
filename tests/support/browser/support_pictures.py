"""Takes pictures of a call for docs/browser-support.md: modal dialog, fullscreen, print, small screen, Firefox."""

import asyncio
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page

from support.browser.product import ECHO, Product

SIZE = {"width": 1000, "height": 640}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
SHOW_MODAL = """() => {
    const dialog = document.createElement("dialog");
    dialog.innerHTML = '<h2>Maya Okafor</h2><p>Call her about the viewing on Thursday.</p><button>Close</button>';
    dialog.style.cssText = "width:420px;padding:24px;border:1px solid #8888;border-radius:12px";
    document.body.append(dialog);
    dialog.showModal();
}"""
CALL = f"""() => EpochPhone.call("{ECHO}", {{ name: "Maya Okafor" }})"""
FULLSCREEN = """() => {
    const main = document.querySelector("main");
    main.style.background = "white";
    return main.requestFullscreen();
}"""


async def take_support_pictures(browser: Browser, firefox: Browser, product: Product, images: Path) -> None:
    """Take a picture of a call in a modal dialog, in fullscreen, in print, on a small screen, and in Firefox."""
    taker = _PictureTaker(product, images)
    await taker.take(browser, "modal", before=SHOW_MODAL)
    await taker.take(browser, "fullscreen", before=FULLSCREEN)
    await taker.take(browser, "print", media="print")
    await taker.take(browser, "small-screen", **PHONE)
    await taker.take(firefox, "firefox")


class _PictureTaker:
    def __init__(self, product: Product, images: Path) -> None:
        self._product = product
        self._images = images

    async def take(
        self,
        browser: Browser,
        name: str,
        *,
        before: str = "",
        media: Literal["print", "screen"] = "screen",
        **context: Any,
    ) -> None:
        """Take a picture of the demo page in a call that began after the script ``before``, in the medium ``media``."""
        browser_context = await browser.new_context(**({"viewport": SIZE} | context))
        page = await browser_context.new_page()
        await page.goto(f"{self._product.url}/demo")
        await page.wait_for_function("() => window.EpochPhone?.getState() === 'ready'")
        if before:
            await page.evaluate(before)
        await page.evaluate(CALL)
        await page.wait_for_function("() => EpochPhone.getState() === 'in-progress'")
        await asyncio.sleep(2)
        await page.emulate_media(media=media)
        await self._shoot(page, name)
        await page.evaluate("() => EpochPhone.hangup()")
        await browser_context.close()

    async def _shoot(self, page: Page, name: str) -> None:
        await page.screenshot(path=self._images / f"call-{name}.png", animations="disabled")
