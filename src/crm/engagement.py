"""Translates a call to a HubSpot call engagement: its properties, and the record that it is associated with. Pure.

Names and values are those of HubSpot's public documentation of the calls API (v3, read in November 2026); they were not
tested with a real account.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from calls.models import Call, CallStatus, Direction
from crm.failures import CALL_PROPERTY
from crm.models import FailureReason
from kit.schemas import rfc3339

_RECORD_ID = re.compile(r"[0-9]{1,20}")
_TYPE_ID = re.compile(r"[0-9]{1,3}-[0-9]{1,12}")
_OBJECT_TYPES: Mapping[str, str] = {
    "CONTACT": "contacts",
    "COMPANY": "companies",
    "DEAL": "deals",
    "TICKET": "tickets",
}
_STATUSES: Mapping[CallStatus, str] = {
    CallStatus.COMPLETED: "COMPLETED",
    CallStatus.BUSY: "BUSY",
    CallStatus.NO_ANSWER: "NO_ANSWER",
    CallStatus.CANCELED: "CANCELED",
    CallStatus.FAILED: "FAILED",
    CallStatus.REFUSED: "FAILED",
    CallStatus.VOICEMAIL: "NO_ANSWER",
    CallStatus.ABANDONED: "NO_ANSWER",
}


class Record(msgspec.Struct, frozen=True):
    """A HubSpot record that a call belongs to."""

    object_type: str
    """The type in HubSpot's URLs: a name such as ``contacts``, or the id of a custom type."""
    id: str


class RecordRefused(Exception):
    """The call names a record to which it cannot be written."""

    def __init__(self, reason: FailureReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def names_record(details: Mapping[str, Any] | None) -> bool:
    """True if a call's metadata names a HubSpot record, valid or not."""
    return details is not None and (_is_from_calling_page(details) or details.get("contact") not in (None, ""))


def record_of(details: Mapping[str, Any] | None, *, portal_id: str) -> Record | None:
    """The record that a call's metadata names; None if it names none. Records are never searched by phone number.

    Raises: RecordRefused.
    """
    if details is None or not names_record(details):
        return None
    if not _is_from_calling_page(details):
        return Record("contacts", _record_id(details.get("contact")))
    if str(details.get("portalId", portal_id)) != portal_id:
        raise RecordRefused(FailureReason.OTHER_ACCOUNT)
    kind = str(details.get("objectType", ""))
    object_type = _OBJECT_TYPES.get(kind.upper()) or (kind if _TYPE_ID.fullmatch(kind) else None)
    if object_type is None:
        raise RecordRefused(FailureReason.OBJECT_TYPE_UNKNOWN)
    return Record(object_type, _record_id(details.get("objectId")))


def properties_of(call: Call, *, dispositions: Mapping[str, str]) -> dict[str, str]:
    """The properties of the engagement of an ended call.

    ``dispositions`` has the ids of the account's call outcomes, by their labels in lower case.
    """
    is_outbound = call.direction == Direction.OUTBOUND
    other_party = call.to_number if is_outbound else call.from_number or "a withheld number"
    disposition = dispositions.get((call.outcome or "").lower())
    properties = {
        CALL_PROPERTY: str(call.id),
        "hs_timestamp": rfc3339(call.started_at) or rfc3339(call.created_at) or "",
        "hs_call_title": f"Call {'to' if is_outbound else 'from'} {call.name or other_party}",
        "hs_call_direction": "OUTBOUND" if is_outbound else "INBOUND",
        "hs_call_to_number": call.to_number,
        "hs_call_status": _STATUSES.get(call.status, "COMPLETED"),
        # Milliseconds.
        "hs_call_duration": str(call.duration * 1000),
        "hs_call_body": _body(call, has_disposition=disposition is not None),
        "hs_call_disposition": disposition or "",
    }
    return properties if call.from_number is None else {**properties, "hs_call_from_number": call.from_number}


def _is_from_calling_page(details: Mapping[str, Any]) -> bool:
    return details.get("source") == "hubspot" and details.get("objectId") not in (None, "")


def _record_id(value: object) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or _RECORD_ID.fullmatch(text) is None:
        raise RecordRefused(FailureReason.RECORD_ID_NOT_VALID)
    return text


def _body(call: Call, *, has_disposition: bool) -> str:
    """The description, which HubSpot shows as HTML."""
    lines = [call.note] if call.note else []
    if call.outcome and not has_disposition:
        lines.append(f"Outcome: {call.outcome}")
    if call.tags:
        lines.append(f"Tags: {', '.join(call.tags)}")
    if call.agent:
        lines.append(f"Called by {call.agent}")
    return "<br>".join(html.escape(line).replace("\n", "<br>") for line in lines)
