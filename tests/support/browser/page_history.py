"""Leaves a page and restores it from the browser's back/forward cache."""

import contextlib
from collections.abc import Awaitable, Callable

from playwright.async_api import Error as PlaywrightError

from support.browser.host_site import HostSite
from support.browser.phone import Phone

CACHE_OFF = "--disable-back-forward-cache"
"""Playwright's argument that switches the cache off; tests of the cache remove this argument."""


async def leave_and_go_back(
    phone: Phone, host_site: HostSite, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Open another page, await ``meanwhile``, and go back; assert that the page comes from the cache."""
    await phone.page.goto(host_site.page("<p>Another page</p>"))
    if meanwhile is not None:
        await meanwhile()
    # Playwright's go_back waits for a load event, which a page from the cache does not have.
    session = await phone.page.context.new_cdp_session(phone.page)
    reasons: list[object] = []
    session.on("Page.backForwardCacheNotUsed", lambda event: reasons.append(event["notRestoredExplanations"]))
    await session.send("Page.enable")
    history = await session.send("Page.getNavigationHistory")
    entry = history["entries"][history["currentIndex"] - 1]["id"]
    await session.send("Page.navigateToHistoryEntry", {"entryId": entry})

    async def is_restored() -> bool:
        with contextlib.suppress(PlaywrightError):  # during the navigation there is no page
            return bool(reasons) or bool(await phone.page.evaluate("() => window.restored === true"))
        return False

    await phone.until("the page is restored from the cache", is_restored)
    assert reasons == []
