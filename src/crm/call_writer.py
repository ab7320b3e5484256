"""Writes one call into HubSpot: creates its engagement on a record, or updates it."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from calls.models import Call
from crm.engagement import Record, RecordRefused, properties_of, record_of
from crm.failures import CALL_PROPERTY
from crm.hubspot_api import HubSpotRefused, HubSpotSession
from crm.models import FailureReason


class Written(msgspec.Struct, frozen=True):
    """The result of an attempt that HubSpot answered."""

    engagement_id: str | None
    """HubSpot's id of the call, as far as it is known."""
    reason: FailureReason | None = None
    """Set when the call could not be written, or not as a whole."""
    detail: str | None = None
    is_named: bool = True
    """False for a call that names no record any more, because it was anonymized: nothing is written."""


class CallWriter:
    """Writes calls into one account, one after the other."""

    def __init__(self, hubspot: HubSpotSession, portal_id: str) -> None:
        self._hubspot = hubspot
        self._portal_id = portal_id
        self._dispositions: Mapping[str, str] | None = None

    async def write(self, call: Call, engagement_id: str | None) -> Written:
        """Write ``call``; ``engagement_id`` is None until HubSpot's id of it is known.

        Raises: HubSpotUnreachable, and HubSpotRefused where the token itself is refused.
        """
        try:
            record = record_of(call.details, portal_id=self._portal_id)
        except RecordRefused as error:
            return Written(engagement_id, error.reason)
        if record is None:
            return Written(engagement_id, is_named=False)
        properties = properties_of(call, dispositions=await self._read_dispositions(call))
        if engagement_id is None:
            return await self._create(record, properties)
        return await self._change(engagement_id, properties)

    async def _create(self, record: Record, properties: Mapping[str, str]) -> Written:
        """Create the call by its own key, so that the same call is created once however often this is repeated."""
        engagement_id: str | None = None
        try:
            # Before the call, which would be on no record otherwise.
            if not await self._hubspot.has_record(record):
                return Written(None, FailureReason.RECORD_MISSING)
            engagement_id = await self._hubspot.upsert_call(properties)
            await self._hubspot.associate(engagement_id, record)
        except HubSpotRefused as error:
            _raise_if_token_is_refused(error)
            is_gone = engagement_id is not None and error.status == HTTPStatus.NOT_FOUND
            reason = FailureReason.RECORD_MISSING if is_gone else _reason_of(error)
            # Without the id: the next attempt begins again, and finds the call by its key.
            return Written(None, reason, _detail_of(error))
        return Written(engagement_id)

    async def _change(self, engagement_id: str, properties: Mapping[str, str]) -> Written:
        changed = {name: value for name, value in properties.items() if name != CALL_PROPERTY}
        try:
            await self._hubspot.update_call(engagement_id, changed)
        except HubSpotRefused as error:
            _raise_if_token_is_refused(error)
            if error.status == HTTPStatus.NOT_FOUND:
                return Written(engagement_id, FailureReason.CALL_DELETED)
            is_right_missing = error.status == HTTPStatus.FORBIDDEN
            reason = FailureReason.EDIT_REFUSED if is_right_missing else _reason_of(error)
            return Written(engagement_id, reason, _detail_of(error))
        return Written(engagement_id)

    async def _read_dispositions(self, call: Call) -> Mapping[str, str]:
        """The account's own outcomes; without the right to read them, the outcome goes into the description."""
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
