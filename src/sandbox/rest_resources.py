"""Builds the JSON objects of REST resources: numbers, prices, addresses, caller ids, applications, legs, notifications.

They have all fields of the carrier's published schemas.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime

from kit.rounding import divide_up
from sandbox.account_store import Address, Application, CallerId, Number
from sandbox.legs import Leg
from sandbox.number_inventory import NumberForSale, NumberType

API_VERSION = "2010-04-01"
Resource = dict[str, object]
_CALLER_MINUTE, _DIALLED_MINUTE, _INCOMING_MINUTE = Decimal("0.004"), Decimal("0.014"), Decimal("0.0085")
"""Prices per minute of the caller's, the dialled and the incoming leg: US dollars, the same for every destination."""
_MONTHLY_PRICES = {
    NumberType.LOCAL: "1.15",
    NumberType.MOBILE: "3.75",
    NumberType.NATIONAL: "2.50",
    NumberType.TOLL_FREE: "2.15",
}


def account_path(account_sid: str, rest: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}/{rest}.json"


def available_number(number: NumberForSale, *, address_requirements: str) -> Resource:
    return {
        "friendly_name": number.national_format,
        "phone_number": number.e164,
        "lata": None,
        "locality": number.locality.city,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": number.locality.region,
        "postal_code": None,
        "iso_country": number.country,
        "address_requirements": address_requirements,
        "beta": False,
        "capabilities": {"voice": True, "SMS": False, "MMS": False},
    }


def available_country(account_sid: str, country: str, number_types: Collection[NumberType]) -> Resource:
    path = f"/{API_VERSION}/Accounts/{account_sid}/AvailablePhoneNumbers/{country}"
    return {
        "country_code": country,
        "country": country,
        "uri": f"{path}.json",
        "beta": False,
        "subresource_uris": {number_type.value: f"{path}/{number_type.resource}.json" for number_type in number_types},
    }


def number_prices(country: str, number_types: Collection[NumberType], *, price_unit: str) -> Resource:
    """Prices of numbers per month, the same in every country."""
    prices = [(number_type.value.replace("_", " "), _MONTHLY_PRICES[number_type]) for number_type in number_types]
    return {
        "country": country,
        "iso_country": country,
        "phone_number_prices": [
            {"number_type": name, "base_price": price, "current_price": price} for name, price in prices
        ],
        "price_unit": price_unit,
        "url": f"https://pricing.twilio.com/v1/PhoneNumbers/Countries/{country}",
    }


def incoming_number(account_sid: str, number: Number) -> Resource:
    return {
        "sid": number.sid,
        "account_sid": account_sid,
        "phone_number": number.e164,
        "friendly_name": number.friendly_name,
        "address_sid": number.address_sid or None,
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "bundle_sid": number.bundle_sid or None,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "date_created": _rfc2822(number.created),
        "date_updated": _rfc2822(number.updated),
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "identity_sid": None,
        "origin": "twilio",
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_url": None,
        "status": "in-use",
        "status_callback": number.status_callback or None,
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "uri": account_path(account_sid, f"IncomingPhoneNumbers/{number.sid}"),
        "voice_application_sid": number.voice_application_sid or None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": number.voice_fallback_url or None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": number.voice_url or None,
    }


def address(account_sid: str, row: Address) -> Resource:
    return {
        "sid": row.sid,
        "account_sid": account_sid,
        "customer_name": row.customer_name,
        "date_created": _rfc2822(row.created),
        "date_updated": _rfc2822(row.updated),
        "friendly_name": row.friendly_name,
        "city": row.city,
        "emergency_enabled": False,
        "iso_country": row.iso_country,
        "postal_code": row.postal_code,
        "region": row.region,
        "street": row.street,
        "street_secondary": None,
        "uri": account_path(account_sid, f"Addresses/{row.sid}"),
        "validated": False,
        "verified": False,
    }


def caller_id(account_sid: str, row: CallerId) -> Resource:
    return {
        "sid": row.sid,
        "account_sid": account_sid,
        "date_created": _rfc2822(row.created),
        "date_updated": _rfc2822(row.updated),
        "friendly_name": row.friendly_name,
        "phone_number": row.e164,
        "uri": account_path(account_sid, f"OutgoingCallerIds/{row.sid}"),
    }


def dependent_number(account_sid: str, number: Number) -> Resource:
    """A number that needs an address, with the fields of the list of an address's numbers."""
    absent = {"address_sid", "bundle_sid", "identity_sid", "origin", "status", "type", "beta", "voice_receive_mode"}
    return {name: value for name, value in incoming_number(account_sid, number).items() if name not in absent}


def application(account_sid: str, app: Application) -> Resource:
    return {
        "sid": app.sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "date_created": _rfc2822(app.created),
        "date_updated": _rfc2822(app.updated),
        "friendly_name": app.friendly_name,
        "message_status_callback": None,
        "public_application_connect_enabled": False,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_status_callback": None,
        "sms_url": None,
        "status_callback": app.status_callback or None,
        "status_callback_method": "POST",
        "uri": account_path(account_sid, f"Applications/{app.sid}"),
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": app.voice_fallback_url or None,
        "voice_method": "POST",
        "voice_url": app.voice_url or None,
    }


def call_leg(account_sid: str, leg: Leg, *, price_unit: str) -> Resource:
    return {
        "sid": leg.sid,
        "account_sid": account_sid,
        "answered_by": None,
        "api_version": API_VERSION,
        "caller_name": "",
        "date_created": _rfc2822(leg.created),
        "date_updated": _rfc2822(leg.ended or leg.answered or leg.created),
        "direction": leg.direction,
        "duration": str(leg.seconds) if leg.is_over else None,
        "end_time": _rfc2822(leg.ended),
        "forwarded_from": None,
        "from": leg.from_,
        "from_formatted": leg.from_,
        "group_sid": None,
        "parent_call_sid": leg.parent_sid,
        "phone_number_sid": None,
        "price": _price(leg),
        "price_unit": price_unit,
        "queue_time": "0",
        "start_time": _rfc2822(started_at(leg)),
        "status": leg.status,
        "subresource_uris": {},
        "to": leg.to,
        "to_formatted": leg.to,
        "trunk_sid": None,
        "uri": account_path(account_sid, f"Calls/{leg.sid}"),
    }


def notification(account_sid: str, leg: Leg) -> Resource:
    """The notification of the error that was recorded about a call."""
    sid = f"NO{leg.sid[2:]}"
    return {
        "sid": sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "call_sid": leg.sid,
        "date_created": _rfc2822(leg.ended or leg.created),
        "date_updated": _rfc2822(leg.ended or leg.created),
        "error_code": str(leg.error_code),
        "log": "0",
        "message_date": _rfc2822(leg.ended or leg.created),
        "message_text": "",
        "more_info": f"https://www.twilio.com/docs/errors/{leg.error_code}",
        "request_method": "POST",
        "request_url": "",
        "uri": account_path(account_sid, f"Calls/{leg.sid}/Notifications/{sid}"),
    }


def started_at(leg: Leg) -> datetime:
    """The start time that the carrier reports for a leg."""
    return leg.answered or leg.created


def _price(leg: Leg) -> str | None:
    """The cost, a negative amount per started minute; None until the leg has ended."""
    if not leg.is_over:
        return None
    minute = _DIALLED_MINUTE if leg.parent_sid is not None else _INCOMING_MINUTE if leg.is_inbound else _CALLER_MINUTE
    return f"{-minute * divide_up(leg.seconds, 60):.5f}"


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment is not None else None
