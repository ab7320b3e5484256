"""Parses the forms that the carrier posts about outgoing calls, statuses of legs and ended dials. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from calls.call_state import DIAL_ENDED, STATUS_BY_CARRIER_STATUS, LegEvent
from calls.errors import InvalidCallback
from calls.models import (
    MAX_AGENT_CHARACTERS,
    MAX_EXTENSION_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_URL_CHARACTERS,
)
from kit.http.json_body import MAX_DEPTH, nesting_depth
from kit.parsing import parse_uuid, parse_whole_number
from kit.text import is_valid_text, is_web_url, single_line

TEST_STATUS = "epoch-doctor"
"""The status in the callback that `epoch doctor` sends as a test: the carrier has no such status."""
MAX_FORM_FIELDS = 1000
MAX_METADATA_CHARACTERS = 2000
MAX_DIAL_STATUS_CHARACTERS = 40
CLIENT_ID_DIGITS = 16
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_IDENTITY = re.compile(r"client:(w_([0-9a-f]{32})_[0-9a-f]{16})")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_EXTENSION = re.compile(rf"[0-9*#]{{1,{MAX_EXTENSION_CHARACTERS}}}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]{1,280}", re.IGNORECASE)


class OutgoingCall(msgspec.Struct, frozen=True):
    """An outgoing call that a widget requests."""

    call_sid: str
    identity: str
    token_id: UUID
    dialled: str
    """The number to call, as the browser sent it."""
    call_id: UUID | None
    origin: str | None
    metadata: dict[str, Any] | None
    agent: str | None = None
    """The person who places the call: the name that the page gives, or the e-mail address of an identified member."""
    agent_is_member: bool = False
    name: str | None = None
    """The called person's name, company and record URL, as the page gives them."""
    company: str | None = None
    url: str | None = None
    extension: str | None = None
    """The browser sends it as tones after the answer; the server only stores it."""
    from_number: str | None = None
    """The caller id that the page or the agent chose; may be any text."""
    member_number_id: UUID | None = None
    """The id of the number that an identified member's calls show."""

    @property
    def client_id(self) -> str:
        """The part of the identity that distinguishes this widget from others with the same token."""
        return self.identity[-CLIENT_ID_DIGITS:]


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form body, empty and repeated ones included.

    Bytes and escapes that are not UTF-8 are replaced, as the carrier's own software reads them. Raises:
    InvalidCallback, for more than ``MAX_FORM_FIELDS`` fields.
    """
    text = body.decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise InvalidCallback from error


def parse_outgoing_call(form: Mapping[str, str]) -> OutgoingCall:
    """Parse a requested call. The token is read from the signed identity alone. Raises: InvalidCallback."""
    sender = form.get("From", "")
    found = _IDENTITY.fullmatch(sender)
    # The carrier gives the same identity twice; if they differ, one of them is forged.
    if found is None or (form.get("Caller") or sender) != sender:
        raise InvalidCallback
    metadata = _parse_metadata(form.get("Metadata", ""))
    return OutgoingCall(
        call_sid=parse_call_sid(form, "CallSid"),
        identity=found[1],
        token_id=UUID(found[2]),
        dialled=form.get("To", ""),
        call_id=_parse_uuid(form.get("CallId", "")),
        origin=origin if _ORIGIN.fullmatch(origin := form.get("Page", "")) and is_valid_text(origin) else None,
        metadata=metadata,
        agent=_claimed_agent(metadata),
        name=single_line(form.get("Name", ""), max_characters=MAX_NAME_CHARACTERS) or None,
        company=single_line(form.get("Company", ""), max_characters=MAX_NAME_CHARACTERS) or None,
        url=_parse_url(form.get("Url", "")),
        extension=extension if _EXTENSION.fullmatch(extension := form.get("Extension", "")) else None,
        from_number=form.get("FromNumber") or None,
    )


def parse_status_callback(form: Mapping[str, str]) -> tuple[str, str, LegEvent]:
    """Parse a status callback: the parent leg's id, the reported leg's id, and the event. Raises: InvalidCallback."""
    leg = parse_call_sid(form, "CallSid")
    is_child = bool(form.get("ParentCallSid"))
    kind = form.get("CallStatus", "")
    if kind not in STATUS_BY_CARRIER_STATUS:
        raise InvalidCallback
    event = LegEvent(
        is_child=is_child,
        kind=kind,
        sequence=-1 if (number := _parse_count(form, "SequenceNumber")) is None else number,
        occurred_at=_parse_time(form.get("Timestamp", "")),
        duration=_parse_count(form, "CallDuration"),
        sip_code=_parse_count(form, "SipResponseCode"),
        error_code=_parse_count(form, "ErrorCode"),
    )
    return (parse_call_sid(form, "ParentCallSid") if is_child else leg), leg, event


def parse_dial_ended(form: Mapping[str, str]) -> tuple[str, str, LegEvent]:
    """Parse the form of an ended dial: the parent leg's id, the child leg's id, and the event.

    Where the dial made no child leg, its id is the parent leg's. Raises: InvalidCallback.
    """
    parent_sid = parse_call_sid(form, "CallSid")
    event = LegEvent(
        is_child=False,
        kind=DIAL_ENDED,
        sequence=-1,
        occurred_at=_parse_time(form.get("Timestamp", "")),
        duration=_parse_count(form, "DialCallDuration"),
        dial_status=form.get("DialCallStatus", "")[:MAX_DIAL_STATUS_CHARACTERS] or None,
        error_code=_parse_count(form, "ErrorCode"),
    )
    return parent_sid, parse_call_sid(form, "DialCallSid") if form.get("DialCallSid") else parent_sid, event


def parse_call_sid(form: Mapping[str, str], name: str) -> str:
    """The carrier's id of a leg in the field ``name``. Raises: InvalidCallback."""
    value = form.get(name, "")
    if not _CALL_SID.fullmatch(value):
        raise InvalidCallback
    return value


def _parse_uuid(text: str) -> UUID | None:
    try:
        return parse_uuid(text)
    except ValueError:
        return None


def _parse_metadata(text: str) -> dict[str, Any] | None:
    """The page's own data; None unless it is a small object that can be stored. Invalid metadata refuses no call."""
    if not text or len(text) > MAX_METADATA_CHARACTERS or _LONE_SURROGATE.search(text):
        return None
    if nesting_depth(text.encode()) > MAX_DEPTH:
        return None
    try:
        metadata = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    return metadata if _has_no_nul(metadata) else None


def _has_no_nul(value: Any) -> bool:
    """False where a text or a key contains NUL, which the database cannot store."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all("\0" not in key and _has_no_nul(part) for key, part in value.items())
    return not isinstance(value, list) or all(map(_has_no_nul, value))


def _parse_url(text: str) -> str | None:
    """The URL of a record; None unless it can be a link. An invalid URL refuses no call."""
    return text if len(text) <= MAX_URL_CHARACTERS and is_web_url(text) else None


def _claimed_agent(metadata: dict[str, Any] | None) -> str | None:
    """The agent's name as the page gives it, on one line; None when it cannot be shown as a name."""
    claimed = (metadata or {}).get("agent")
    if not isinstance(claimed, str) or not is_valid_text(claimed):
        return None
    name = " ".join(claimed.split())
    return name if 0 < len(name) <= MAX_AGENT_CHARACTERS else None


def _parse_count(form: Mapping[str, str], name: str) -> int | None:
    """A whole number, None where the carrier gives none. Raises: InvalidCallback."""
    text = form.get(name)
    if not text:
        return None
    try:
        return parse_whole_number(text, max_digits=9)
    except ValueError as error:
        raise InvalidCallback from error


def _parse_time(text: str) -> datetime:
    """A time in RFC 2822 format; the present time where the carrier gives none or an invalid one."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return datetime.now(UTC)
