"""Writes one call into HubSpot: creates its engagement and associates it with a record, or updates the engagement."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from calls.models import Call
from crm.engagement import Record, RecordRefused, properties_of, record_of
from crm.failures import CALL_PROPERTY
from crm.hubspot_api import HubSpotRefused, HubSpotSession
from crm.models import FailureReason


class WriteResult(msgspec.Struct, frozen=True):
    """The result of an attempt that HubSpot answered."""

    engagement_id: str | None
    """HubSpot's id of the call; None while it is not known."""
    reason: FailureReason | None = None
    """The cause, when the call could not be written, or only in part."""
    detail: str | None = None
    names_record: bool = True
    """False for a call that no longer names a record, because it was anonymized: nothing was written."""


class CallWriter:
    """Writes calls into one HubSpot account."""

    def __init__(self, hubspot: HubSpotSession, portal_id: str) -> None:
        self._hubspot = hubspot
        self._portal_id = portal_id
        self._dispositions: Mapping[str, str] | None = None

    async def write(self, call: Call, engagement_id: str | None) -> WriteResult:
        """Write ``call``; ``engagement_id`` is HubSpot's id of the call, None until it is known.

        Raises: HubSpotUnreachable; HubSpotRefused, when the token itself is refused.
        """
        try:
            record = record_of(call.details, portal_id=self._portal_id)
        except RecordRefused as error:
            return WriteResult(engagement_id, error.reason)
        if record is None:
            return WriteResult(engagement_id, names_record=False)
        properties = properties_of(call, dispositions=await self._read_dispositions(call))
        if engagement_id is None:
            return await self._create(record, properties)
        return await self._change(engagement_id, properties)

    async def _create(self, record: Record, properties: Mapping[str, str]) -> WriteResult:
        """Create the call by our id of it, so that repeated attempts create it once."""
        engagement_id: str | None = None
        try:
            # Checked first, because the call would otherwise be created without a record.
            if not await self._hubspot.has_record(record):
                return WriteResult(None, FailureReason.RECORD_MISSING)
            engagement_id = await self._hubspot.upsert_call(properties)
            await self._hubspot.associate(engagement_id, record)
        except HubSpotRefused as error:
            _raise_if_token_is_refused(error)
            is_record_missing = engagement_id is not None and error.status == HTTPStatus.NOT_FOUND
            reason = FailureReason.RECORD_MISSING if is_record_missing else _reason_of(error)
            # Without the engagement's id, so that the next attempt starts over; it finds the call by our id.
            return WriteResult(None, reason, _detail_of(error))
        return WriteResult(engagement_id)

    async def _change(self, engagement_id: str, properties: Mapping[str, str]) -> WriteResult:
        changed = {name: value for name, value in properties.items() if name != CALL_PROPERTY}
        try:
            await self._hubspot.update_call(engagement_id, changed)
        except HubSpotRefused as error:
            _raise_if_token_is_refused(error)
            if error.status == HTTPStatus.NOT_FOUND:
                return WriteResult(engagement_id, FailureReason.CALL_DELETED)
            is_forbidden = error.status == HTTPStatus.FORBIDDEN
            reason = FailureReason.EDIT_REFUSED if is_forbidden else _reason_of(error)
            return WriteResult(engagement_id, reason, _detail_of(error))
        return WriteResult(engagement_id)

    async def _read_dispositions(self, call: Call) -> Mapping[str, str]:
        """The account's call outcomes; empty if the call has no outcome, or if the token may not read them."""
        if call.outcome is None:
            return {}
        if self._dispositions is None:
            try:
                self._dispositions = await self._hubspot.list_dispositions()
            except HubSpotRefused as error:
                _raise_if_token_is_refused(error)
                self._dispositions = {}
        return self._dispositions


def _raise_if_token_is_refused(error: HubSpotRefused) -> None:
    if error.status == HTTPStatus.UNAUTHORIZED:
        raise error


def _reason_of(error: HubSpotRefused) -> FailureReason:
    return FailureReason.SCOPE_MISSING if error.status == HTTPStatus.FORBIDDEN else FailureReason.NOT_ACCEPTED


def _detail_of(error: HubSpotRefused) -> str | None:
    if error.status == HTTPStatus.FORBIDDEN:
        return ", ".join(error.scopes) or None
    return f"{error.status}, {error.category}"
