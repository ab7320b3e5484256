"""A live call after its token is revoked, its access token is renewed, or its signalling socket breaks."""

import pytest

from browser.conftest import SHORT_TOKEN_SECONDS, OpenPhone
from support.browser.phone import Phone
from support.browser.product import (
    ECHO,
    Customer,
    Product,
)
from support.local_http import local_client

pytestmark = pytest.mark.anyio

# Records every text that the panel shows.
READ_PANEL = """() => {
    const root = document.querySelector("epoch-phone").shadowRoot;
    const read = [];
    new MutationObserver(() => read.push(root.querySelector("#panel").innerText)).observe(root, {
        subtree: true, childList: true, characterData: true,
    });
    window[Symbol.for("epoch.read")] = read;
}"""


async def answered_call(phone: Phone) -> str:
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    return begun.call_id


@pytest.mark.every_browser
async def test_revocation_ends_a_live_call_and_the_widget_shows_the_reason(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    call_id = await answered_call(phone)
    await phone.hear(call_id)
    await customer.revoke()
    await phone.until_event("callEnded")
    error = await phone.until_event("error")
    assert (error["code"], error["message"]) == ("revoked_embed_token", "Invalid or revoked token")
    await phone.panel.get_by_role("alert").get_by_text(error["message"], exact=True).wait_for()
    assert await phone.state() == "error"
    assert (await phone.call(ECHO)).is_started is False
    await phone.assert_agrees(call_id, ECHO, "completed")


@pytest.mark.every_browser
async def test_the_access_token_is_renewed_during_a_live_call(
    short_token_product: Product, open_phone: OpenPhone
) -> None:
    customer = await short_token_product.customer()
    phone = await open_phone(customer)
    call_id = await answered_call(phone)

    async def renewed_twice() -> bool:
        return sum(url.endswith("/widget/exchange") for url in phone.requests) >= 3

    # By the second renewal the token that the call began with has expired.
    await phone.until("two more exchanges", renewed_twice, within=6 * SHORT_TOKEN_SECONDS)
    assert await phone.state() == "in-progress"
    before, after = await phone.hear(call_id)
    assert after.browser["heard"] > before.browser["heard"]
    assert after.far_end["energy_in"] > before.far_end["energy_in"]
    await phone.hangup()
    ended = await phone.until_event("callEnded")
    assert ended["duration"] >= SHORT_TOKEN_SECONDS
    await phone.assert_agrees(call_id, ECHO, "completed")

    later = await phone.call(ECHO)
    await phone.until_event("callAnswered", 2)
    await phone.hangup()
    assert (await phone.record(later.call_id))["status"] == "completed"
    assert len(await phone.details("ready")) == 1
    assert await phone.details("error") == []


@pytest.mark.every_browser
async def test_a_call_survives_a_dropped_signalling_socket(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    call_id = await answered_call(phone)
    await phone.page.evaluate(READ_PANEL)
    async with local_client() as client:
        assert (await client.post(f"{customer.product.carrier}/sandbox/drop-sockets")).json()["dropped"] >= 1

    async def reconnecting_was_shown() -> bool:
        read: list[str] = await phone.page.evaluate("() => window[Symbol.for('epoch.read')]")
        return any("Reconnecting…" in text for text in read)

    await phone.until("the panel said that it reconnects", reconnecting_was_shown)
    await phone.panel.get_by_role("dialog").get_by_text("Reconnecting…").wait_for(state="hidden")
    before, after = await phone.hear(call_id)
    assert after.browser["heard"] > before.browser["heard"]
    assert await phone.state() == "in-progress"
    assert await phone.details("callEnded") == []
    await phone.hangup()
    await phone.assert_agrees(call_id, ECHO, "completed")
