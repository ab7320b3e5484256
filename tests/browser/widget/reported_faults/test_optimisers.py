"""The phone finds its token when optimisers, tag managers or consent managers rename, join or delay its tag."""

from collections.abc import Mapping

import pytest

from browser.conftest import OpenPage
from support.browser.host_site import SCRIPT, HostSite
from support.browser.phone import assert_whole_call
from support.browser.product import Customer, Product
from support.browser.site_builders import RUN_COPIES, TAG_MANAGER
from support.local_http import local_client

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault("optimisers", threads="umami#430, Hi.Events#676, Instatic#395"),
]

ON_FIRST_MOVE = 'addEventListener("mousemove", () => runCopies("%s", "%s"), { once: true });'
DELAYED_TAG = '<script type="text/plain" src="{src}" data-token="{token}"></script>'
CONFIG = '<script>window.EpochPhoneConfig = { token: "{token}" };</script>'
WAYS = {
    "renamed, as a module": '<script type="module" src="{copy}" data-token="{token}"></script>',
    "renamed, with the token in its URL": '<script src="{copy}#{token}"></script>',
    "renamed, as a module, with the token in its URL": '<script type="module" src="{copy}#{token}"></script>',
    "with a version before the token in its URL": '<script src="{src}?ver=6.9#{token}"></script>',
    "inlined": '<script data-token="{token}">{code}</script>',
    "inlined as a module": '<script type="module" data-token="{token}">{code}</script>',
    "joined with other scripts, and its tag left behind": DELAYED_TAG + '<script src="{joined}"></script>',
    "joined with other scripts, with a global": CONFIG + '<script src="{joined}"></script>',
    "evaluated, and its tag left behind": DELAYED_TAG
    + '<script>fetch("{src}").then((answer) => answer.text()).then((code) => (0, eval)(code));</script>',
    "behind another tag with a token": '<script data-token="of-others">0</script>'
    '<script type="module" src="{copy}" data-token="{token}"></script>',
    "delayed as by WP Rocket": '<script type="rocketlazyloadscript" data-rocket-src="{src}" data-token="{token}" defer>'
    "</script><script>" + RUN_COPIES + ON_FIRST_MOVE % ("[type=rocketlazyloadscript]", "data-rocket-src") + "</script>",
    "delayed as by LiteSpeed Cache": '<script type="litespeed/javascript" data-src="{src}" data-token="{token}">'
    "</script><script>" + RUN_COPIES + ON_FIRST_MOVE % ("[type='litespeed/javascript']", "data-src") + "</script>",
    "delayed as by Rocket Loader": '<script type="5f1c-text/javascript" src="{src}" data-token="{token}"></script>'
    "<script>" + RUN_COPIES + 'addEventListener("load", () => runCopies("[type$=\'-text/javascript\']", ""));</script>',
    "by a tag manager that drops data attributes": f"<script>{TAG_MANAGER}"
    "insertAsTagManager(`<script src='{src}#{token}'><\\/script>`);</script>",
}


@pytest.fixture(scope="module")
async def code(product: Product) -> str:
    """The served text of phone.js."""
    async with local_client(base_url=product.url) as client:
        return (await client.get("/widget/phone.js")).text


@pytest.mark.parametrize("way", WAYS)
async def test_the_phone_finds_its_token(
    customer: Customer, open_page: OpenPage, host_site: HostSite, code: str, way: str
) -> None:
    tag = {
        "src": f"{customer.product.url}/widget/phone.js",
        "copy": host_site.publish(code, kind=SCRIPT),
        "joined": host_site.publish(joined(code), kind=SCRIPT),
        "token": customer.token.raw,
        "code": code,
    }
    phone = await open_page(host_site.page(filled(WAYS[way], tag)), customer.product, customer=customer)
    if "delayed" in way:
        await phone.page.mouse.move(20, 20)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    assert phone.console == []
    if "joined" in way:
        assert await phone.page.evaluate("() => [before, after]") == ["sloppy", "sloppy"]


def filled(way: str, values: Mapping[str, str]) -> str:
    """``way`` with each ``{name}`` replaced by its value."""
    for name, value in values.items():
        way = way.replace(f"{{{name}}}", value)
    return way


def joined(code: str) -> str:
    """The joined file of an optimiser: phone.js between scripts that work only in sloppy mode."""
    return f"{code}\nbefore = 'sloppy'\n{code}\nafter = 'sloppy'"


async def test_settings_of_the_page_apply_with_a_token_in_the_url(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page(
        '<script>window.EpochPhoneConfig = { position: "bottom-left", token: "ept_other" };</script>'
        f'<script src="{customer.product.url}/widget/phone.js#{customer.token.raw}"></script>'
    )
    phone = await open_page(url, customer.product, customer=customer)
    await assert_whole_call(phone)
    box = await phone.panel.locator('[part~="fab"], [part~="panel"]').first.bounding_box()
    assert box is not None
    assert box["x"] < 100
