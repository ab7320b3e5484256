"""Call metadata that cannot be stored is refused by ``call()``; accepted metadata is the same in events and record."""

import pytest

from browser.conftest import OpenPhone
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.reported_fault("metadata", threads="posthog#18282")]

REFUSED = (
    "['a']",
    "'contact'",
    "{ a: 'x\\u0000' }",
    "{ a: '\\ud83d' }",
    "{ a: { f() {} } }",
    "(() => { const circle = {}; circle.self = circle; return circle; })()",
    "JSON.parse('{\"a\":'.repeat(40) + '1' + '}'.repeat(40))",
    "{ note: 'x'.repeat(2_000) }",
)
ACCEPTED = (
    "{ a: '\\u0085\\u001b\\\\u0000 \\ud83d\\udcde', "
    "'ключ': [1e21, -0.5, null, { b: true }], at: new Date(0), no: undefined }"
)


async def test_metadata_that_cannot_be_stored_is_refused_and_events_have_the_stored_metadata(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    for count, given in enumerate(REFUSED, 1):
        assert not await phone.page.evaluate(f"() => EpochPhone.call('{ECHO}', {{ metadata: {given} }})"), given
        error = await phone.until_event("error", count)
        assert (error["code"], error["message"]) == ("invalid_metadata", "Call metadata is not valid"), given
    assert await phone.details("callStarted") == []
    assert await phone.page.evaluate(f"() => EpochPhone.call('{ECHO}', {{ metadata: {ACCEPTED} }})")
    started = await phone.until_event("callStarted")
    assert started["metadata"]["at"] == "1970-01-01T00:00:00.000Z"
    await phone.until_event("callAnswered")
    await phone.hangup()
    ended, record = await phone.until_event("callEnded"), await phone.record(started["callId"])
    assert started["metadata"] == ended["metadata"] == record["metadata"]
