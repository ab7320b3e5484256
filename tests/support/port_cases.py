"""Invokes each method of the carrier ports that sends requests. A method without a case fails the contract tests.

To add a method, add a line to ``PORT_CASES``, and to ``AccountResources`` what the call needs at the carrier.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from carrier.account import AccountAdmin, ApplicationUrls
from carrier.port import Carrier, CarrierAddress, NumberQuery, NumberType, NumberUrls, PostalAddress

APPLICATION_NAME = "Epoch Voice 0123456789ab"
URLS = ApplicationUrls(
    voice="https://phone.example/voice/outgoing",
    fallback="https://phone.example/voice/unavailable",
    status="https://phone.example/voice/status",
)
NUMBER_URLS = NumberUrls(voice="https://phone.example/voice/incoming", fallback=URLS.fallback, status=URLS.status)


class AccountResources(NamedTuple):
    """Resources that the account has before each case."""

    number_sid: str
    live_call: str
    """Caller's leg of a call in progress."""
    ended_call: str
    application: str
    usage_trigger: str
    api_key: str
    own_number: str
    """The number of ``number_sid``."""
    recording: str = "RE" + "7" * 32
    transcription: str = "TR" + "8" * 32
    """Of ``recording``."""
    number_for_sale: str = "+14155550123"
    day: dt.date = dt.date(2026, 11, 28)
    """The day of the calls."""


async def _read_days(carrier: Carrier, known: AccountResources) -> object:
    return [legs async for legs in carrier.legs_of_day(known.day)]


async def _list_numbers(carrier: Carrier, known: AccountResources) -> object:
    name = "pn:0123456789ab:1"
    return await carrier.owned_numbers(), await carrier.owned_numbers(e164=known.number_for_sale, friendly_name=name)


async def _search_numbers(carrier: Carrier, _: AccountResources) -> object:
    query = NumberQuery("US", area_code="415", contains="41555501**")
    found = await carrier.search_numbers(query, limit=20)
    for kind in NumberType:
        # Only some countries have mobile and national numbers.
        country = "US" if kind in (NumberType.LOCAL, NumberType.TOLL_FREE) else "GB"
        near = NumberQuery(country, number_type=kind, locality="Leeds", without_local_address=True)
        await carrier.search_numbers(near, limit=20)
        await carrier.search_numbers(NumberQuery(country, kind, without_foreign_address=True), limit=20)
    everywhere = NumberQuery("GB", contains="+4420", without_local_address=True, without_foreign_address=True)
    return found, await carrier.search_numbers(everywhere, limit=20)


async def _create_address(carrier: Carrier, _: AccountResources) -> CarrierAddress:
    address = PostalAddress("Acme Realty", "Unter den Linden 1", "Berlin", "Berlin", "10117", "DE")
    return await carrier.create_address(address, friendly_name="ad:0123456789ab:1")


async def _ask_about_address(carrier: Carrier, known: AccountResources) -> object:
    return await carrier.is_address_used((await _create_address(carrier, known)).sid)


async def _delete_address(carrier: Carrier, known: AccountResources) -> None:
    await carrier.delete_address((await _create_address(carrier, known)).sid)


async def _delete_caller_id(carrier: Carrier, _: AccountResources) -> None:
    await carrier.request_validation("+12125550108", friendly_name="vn:0123456789ab:2")
    await carrier.delete_caller_id((await carrier.caller_ids())[0].sid)


async def _play_and_hang_up(carrier: Carrier, known: AccountResources) -> None:
    dialled = await carrier.dialled_legs(known.live_call)
    leg = dialled[0].sid if dialled else known.live_call
    await carrier.play_and_hang_up(leg, "https://phone.example/voice/audio/1.wav")


async def _delete_recording(carrier: Carrier, known: AccountResources) -> None:
    await carrier.delete_recording(known.recording)


PORT_CASES: Mapping[str, Callable[[AccountAdmin, AccountResources], Awaitable[object]]] = {
    "end_call": lambda carrier, known: carrier.end_call(known.live_call),
    "play_and_hang_up": _play_and_hang_up,
    "leg": lambda carrier, known: carrier.leg(known.live_call),
    "call_error": lambda carrier, known: carrier.call_error(known.live_call),
    "dialled_legs": lambda carrier, known: carrier.dialled_legs(known.live_call),
    "legs_of_day": _read_days,
    "delete_call": lambda carrier, known: carrier.delete_call(known.ended_call),
    "recordings": lambda carrier, known: carrier.recordings(known.ended_call),
    "delete_recording": _delete_recording,
    "transcriptions": lambda carrier, known: carrier.transcriptions(known.recording),
    "delete_transcription": lambda carrier, known: carrier.delete_transcription(known.transcription),
    "number_types": lambda carrier, _: carrier.number_types("US"),
    "number_prices": lambda carrier, _: carrier.number_prices("US"),
    "search_numbers": _search_numbers,
    "buy_number": lambda carrier, known: carrier.buy_number(
        known.number_for_sale, friendly_name="pn:0123456789ab:1", bundle_sid="BU" + "0a" * 16, urls=NUMBER_URLS
    ),
    "create_address": _create_address,
    "find_addresses": lambda carrier, _: carrier.find_addresses(friendly_name="ad:0123456789ab:1"),
    "is_address_used": _ask_about_address,
    "delete_address": _delete_address,
    "request_validation": lambda carrier, _: carrier.request_validation(
        "+12125550108", friendly_name="vn:0123456789ab:1", status_url=URLS.status
    ),
    "caller_ids": lambda carrier, _: carrier.caller_ids(friendly_name="vn:0123456789ab:1"),
    "delete_caller_id": _delete_caller_id,
    "owned_numbers": _list_numbers,
    "set_number_urls": lambda carrier, known: carrier.set_number_urls(known.number_sid, NUMBER_URLS),
    "release_number": lambda carrier, known: carrier.release_number(known.number_sid),
    "find_application": lambda carrier, known: carrier.find_application(known.application),
    "list_applications": lambda carrier, _: carrier.list_applications(APPLICATION_NAME),
    "create_application": lambda carrier, _: carrier.create_application(APPLICATION_NAME, URLS),
    "update_application": lambda carrier, known: carrier.update_application(known.application, APPLICATION_NAME, URLS),
    "list_usage_triggers": lambda carrier, _: carrier.list_usage_triggers(),
    "create_usage_trigger": lambda carrier, _: carrier.create_usage_trigger("daily cost", Decimal(50), URLS.status),
    "delete_usage_trigger": lambda carrier, known: carrier.delete_usage_trigger(known.usage_trigger),
    "number_routes": lambda carrier, _: carrier.number_routes(),
    "state": lambda carrier, _: carrier.state(),
    "balance": lambda carrier, _: carrier.balance(),
    "find_key": lambda carrier, known: carrier.find_key(known.api_key),
    "permitted_countries": lambda carrier, _: carrier.permitted_countries(),
    "may_manage": lambda carrier, _: carrier.may_manage(),
    "place_test_call": lambda carrier, known: carrier.place_test_call(
        to="+12125550147", caller_id=known.own_number, sentence="Hello"
    ),
}

WITHOUT_REQUESTS = frozenset({"dial", "answer", "reject", "finish", "signature_is_valid", "sign", "close"})
"""The methods of the ports that send no requests."""
UNDESCRIBED = frozenset({"recording_audio"})
"""Methods that fetch files: the carrier's description does not contain their URLs."""
