"""Builds JSON objects of the account's REST resources: account, balance, API key, country permissions, usage triggers.

They have all fields of the carrier's published schemas.
"""

from datetime import UTC, datetime
from email.utils import format_datetime

from kit.countries import countries
from sandbox.account_store import UsageTrigger
from sandbox.rest_resources import API_VERSION, Resource, account_path

_BEGINNING = format_datetime(datetime(2026, 1, 1, tzinfo=UTC))


def account(account_sid: str, auth_token: str, *, is_trial: bool) -> Resource:
    return {
        "sid": account_sid,
        "auth_token": auth_token,
        "date_created": _BEGINNING,
        "date_updated": _BEGINNING,
        "friendly_name": "Sandbox account",
        "owner_account_sid": account_sid,
        "status": "active",
        "subresource_uris": {},
        "type": "Trial" if is_trial else "Full",
        "uri": f"/{API_VERSION}/Accounts/{account_sid}.json",
    }


def balance(account_sid: str, amount: str) -> Resource:
    return {"account_sid": account_sid, "balance": amount, "currency": "USD"}


def key(sid: str) -> Resource:
    return {"sid": sid, "friendly_name": "Epoch Voice", "date_created": _BEGINNING, "date_updated": _BEGINNING}


def country(code: str, *, is_permitted: bool) -> Resource:
    """The geographic permissions of a country; its high-risk numbers are never permitted."""
    url = f"https://voice.twilio.com/v1/DialingPermissions/Countries/{code}"
    return {
        "iso_code": code,
        "name": countries()[code],
        "continent": "",
        "country_codes": [],
        "low_risk_numbers_enabled": is_permitted,
        "high_risk_special_numbers_enabled": False,
        "high_risk_tollfraud_numbers_enabled": False,
        "url": url,
        "links": {"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
    }


def usage_trigger(account_sid: str, row: UsageTrigger) -> Resource:
    return {
        "sid": row.sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "callback_method": row.callback_method,
        "callback_url": row.callback_url,
        "current_value": "0",
        "date_created": format_datetime(row.created),
        "date_fired": None,
        "date_updated": format_datetime(row.updated),
        "friendly_name": row.friendly_name,
        "recurring": row.recurring or None,
        "trigger_by": row.trigger_by or "usage",
        "trigger_value": row.trigger_value,
        "uri": account_path(account_sid, f"Usage/Triggers/{row.sid}"),
        "usage_category": row.usage_category,
        "usage_record_uri": account_path(account_sid, f"Usage/Records/Daily?Category={row.usage_category}"),
    }
