"""Numbers as people dial them: passed to ``<Dial>`` in the E.164 format, or rejected with a reason."""

import re
from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.limit_names import DEFAULT_LIMITS
from calls.models import Call
from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory

pytestmark = pytest.mark.anyio
INVALID, EMERGENCY, FORBIDDEN = "invalid_phone_number", "emergency_number", "country_not_enabled"
NBSP = "\u00a0"

FROM_THE_US: Mapping[str, str] = {
    # written in other ways
    "+15551234567": "+15551234567",  # the guide's own example: possible, and of no known kind
    "(555) 123-4567": "+15551234567",
    "1 (212) 555-0147": "+12125550147",
    "212.555.0147": "+12125550147",
    "212/555-0147": "+12125550147",
    f"+1{NBSP}212{NBSP}555{NBSP}0147": "+12125550147",
    "＋１２１２５５５０１４７": "+12125550147",
    "tel:+1-212-555-0147": "+12125550147",
    "TEL:2125550147": "+12125550147",
    "1-800-356-9377": "+18003569377",
    "+14165550147": "+14165550147",  # Canada, the neighbouring country
    # text from which the library would read another number, without an error
    "1-800-FLOWERS": INVALID,
    "+1 212 555 0147 ext. 12": INVALID,
    "+12125550147x12": INVALID,
    "+12125550147,,,123#": INVALID,
    "tel:+12125550147;ext=5": INVALID,
    "tel:5550147;phone-context=+1212": INVALID,
    "+1212555014I": INVALID,
    "*67 212 555 0147": INVALID,
    "#31#2125550147": INVALID,
    "+1٢١٢٥٥٥٠١٤٧": "+12125550147",
    "+12125550147\n": "+12125550147",
    "+1212555\x000147": INVALID,
    "+12125550147" + " " * 40: "+12125550147",
    "sip:2125550147@example.com": INVALID,
    "client:somebody": INVALID,
    "</Number><Number>+12125550148": INVALID,
    "": INVALID,
    "+": INVALID,
    # emergency numbers of whatever country
    **dict.fromkeys(
        ("911", "9-1-1", "tel:911", "+911", "９１１", "112", "999", "000", "110", "118", "17", "19"), EMERGENCY
    ),
    # other short ones
    **dict.fromkeys(("411", "988", "2110", "611", "12345", "+12345", "123456"), INVALID),
    # incomplete, impossible
    "555-0147": INVALID,
    "+1 212 555 01477": INVALID,
    "+999 12345678": INVALID,
    "+0123456789": INVALID,
    # expensive kinds
    "+1 900 234 5678": INVALID,
    "+1 212 976 1234": INVALID,
    "1-212-555-1212": INVALID,
    "1010288 1 212 555 0147": INVALID,
    # in no numbering plan
    "+1 000 555 1234": INVALID,
    "+1 911 555 0123": INVALID,
    "+44 9098 790000": INVALID,
    "+44 844 333 1111": INVALID,
    "+44 70 1234 5678": INVALID,
    "+44 7640 123456": INVALID,
    "+44 55 1234 5678": INVALID,
    # of no single country: freephone, satellites, premium
    "+800 1234 5678": INVALID,
    "+808 1234 5678": INVALID,
    "+870 773 111 632": INVALID,
    "+878 10 1234 567890": INVALID,
    "+881 6 1234 5678": INVALID,
    "+882 16 1234 5678": INVALID,
    "+883 510 0012 3456": INVALID,
    "+888 1234 5678901": INVALID,
    "+979 1 2345 6789": INVALID,
    # +1 is 25 countries
    "+1 876 555 1234": FORBIDDEN,
    "+1 242 322 1234": FORBIDDEN,
    "+1 242 555 1234": INVALID,  # of no known kind, and not of this country
    # other countries
    "011 44 20 7946 0958": FORBIDDEN,
    "+91 12345 67890": FORBIDDEN,
    "+91 12 3456 7890": FORBIDDEN,  # 911 stands in it, and only whole numbers count
}
FROM_BRITAIN: Mapping[str, str] = {
    "020 7946 0958": "+442079460958",
    "07911 123456": "+447911123456",  # looks British, is Guernsey's
    "+44 (0)20 7946 0958": "+442079460958",
    "+44 500 123 4567": INVALID,  # withdrawn in 2017: in no plan, also at home
    "00 1 212 555 0147": FORBIDDEN,
    "+15551234567": INVALID,  # of no known kind, abroad
    "999": EMERGENCY,
    "911": EMERGENCY,
    "101": EMERGENCY,
    "09098 790000": INVALID,
    "070 1234 5678": INVALID,
    "07640 123456": INVALID,
}


@pytest.mark.parametrize(("country", "table"), [("US", FROM_THE_US), ("GB", FROM_BRITAIN)])
async def test_each_is_dialled_as_it_should_be_or_refused_for_the_right_reason(
    client: httpx.AsyncClient,
    settings: Settings,
    make: Factory,
    database: Database,
    country: str,
    table: Mapping[str, str],
) -> None:
    callbacks = CallbackClient(client, settings)
    tenant = await make.tenant(country=country, limits=dict.fromkeys(DEFAULT_LIMITS, 10**6))
    token = await make.token(tenant)
    assert {dialled: await outcome(callbacks, database, token.id, dialled) for dialled in table} == table


async def test_an_organizations_own_number_is_not_dialled_however_it_is_written(
    client: httpx.AsyncClient, settings: Settings, make: Factory, database: Database
) -> None:
    callbacks, tenant = CallbackClient(client, settings), await make.tenant()
    token, own = await make.token(tenant), tenant.number
    assert own is not None
    for dialled in (own, own[2:], f"1 ({own[2:5]}) {own[5:]}", f"tel:{own}"):
        assert await outcome(callbacks, database, token.id, dialled) == INVALID


async def outcome(callbacks: CallbackClient, database: Database, token_id: UUID, dialled: str) -> str:
    """The number that leaves the carrier callback, or the reason why none does; and the record says the same."""
    sid = new_sid()
    answer = await callbacks.outgoing(token_id, sid, to=dialled)
    assert answer.status_code == 200
    async with database.sessions() as session:
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
    if answer.content == REJECT:
        return call.end_reason or "?"
    [number] = re.findall(r">([^<>]*)</Number>", answer.text)
    assert re.fullmatch(r"\+[1-9]\d{6,14}", number)
    assert call.to_number == number
    return str(number)
