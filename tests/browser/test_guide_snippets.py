"""The guide's snippets, taken from its Markdown and pasted into a customer's page as they stand."""

import json
import re

import httpx
import pytest
from playwright.async_api import Route

from browser.conftest import OpenPage
from browser.host_site import HostSite
from browser.phone import Phone
from browser.product import Customer

pytestmark = pytest.mark.anyio

EXAMPLE = re.compile(r"^```\w+ ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOG = "/api/crm/log-call"


async def snippet(customer: Customer, name: str) -> str:
    """The example called ``name``, with the customer's token in place of the guide's."""
    async with httpx.AsyncClient(base_url=customer.product.url) as client:
        markdown = (await client.get("/docs/widget-integration/llm.md")).text
    examples: dict[str, str] = dict(EXAMPLE.findall(markdown))
    return examples[name].replace("ept_YOUR_TOKEN_HERE", customer.token.raw)


async def test_the_callable_numbers_call_and_the_log_is_written(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    numbers, log = [await snippet(customer, name) for name in ("Callable numbers", "Log calls")]
    phone: Phone = await open_page(
        host_site.page(f"{numbers}<script>{log}</script>"), customer.product, customer=customer
    )
    logged: list[dict[str, object]] = []

    async def crm(route: Route) -> None:
        logged.append(json.loads(route.request.post_data or ""))
        await route.fulfill(status=204)

    await phone.page.route(f"**{LOG}", crm)
    await phone.until_event("ready")
    await phone.page.get_by_role("button", name="(415) 555-0123").click()
    await phone.until_event("callAnswered", 1)
    await phone.hangup()
    await phone.page.get_by_role("link", name="(212) 555-0147").click()
    await phone.until_event("callAnswered", 2)
    await phone.hangup()

    async def both() -> bool:
        return len(logged) == 2

    await phone.until("both calls in the customer's log", both)
    ended = await phone.details("callEnded")
    assert [(row["id"], row["phone"], row["status"]) for row in logged] == [
        (call["callId"], number, "completed")
        for call, number in zip(ended, ("+14155550123", "+12125550147"), strict=True)
    ]
    assert phone.console == []


async def test_the_button_calls_and_tells_how_it_went(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page(await snippet(customer, "Call button"))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    await phone.page.get_by_role("button", name="Call Ada").click()
    await phone.page.get_by_role("status").get_by_text("Calling +14155550123").wait_for()
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.page.get_by_role("status").get_by_text(re.compile(r"^completed after \d+ s$")).wait_for()
