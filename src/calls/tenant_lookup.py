"""Lookups across all organizations: the organization of a token or a call, and a widget's call by its call id."""

from uuid import UUID

import msgspec

from calls.models import CallStatus
from calls.refusal_help import explain
from carrier.error_codes import CARRIER_ERROR_CODES
from kit.db.database import Database
from kit.db.model import read_member
from kit.e164 import is_e164
from kit.time_zones import zone_of
from widget.refusals import RefusalDetails
from widget.status import CallLookupResult, CallSummary
from widget.token_auth import AuthenticatedWidget

MAX_REMEMBERED_CALLS = 20_000
"""Calls whose organization each process remembers, about 4 MB; the oldest is dropped first and looked up again."""
CALL_LOOKUP_SQL = """
(SELECT status, to_number, from_number, duration, end_reason, carrier_error, end_details, limit_minutes,
        (SELECT o.time_zone FROM organization o WHERE o.id = call.organization_id) FROM call
 WHERE token_id = $1 AND call_id = $2 ORDER BY id LIMIT 1)
UNION ALL
(SELECT 'refused', NULL, NULL, 0, end_reason, NULL, end_details, NULL,
        (SELECT o.time_zone FROM organization o WHERE o.id = capped_rejection.organization_id) FROM capped_rejection
 WHERE token_id = $1 AND call_id = $2 LIMIT 1)
LIMIT 1
"""
"""Finds a call by the token's id and the widget's call id."""
_TENANT_LOOKUP_SQL = """
SELECT o.id, o.country FROM embed_token t JOIN organization o ON o.id = t.organization_id WHERE t.id = $1
"""
TENANT_OF_CALL_SQL = """
SELECT organization_id FROM call WHERE carrier_sid = $1
UNION ALL
SELECT organization_id FROM capped_rejection WHERE carrier_sid = $1
LIMIT 1
"""
"""Finds the organization of a call by the carrier's id of the parent leg."""


class Tenant(msgspec.Struct, frozen=True):
    """The organization behind a token."""

    organization_id: UUID
    country: str
    """The organization's home country, ISO 3166."""


class TenantResolver:
    """Finds the organization of a callback, which contains only identities and call ids. Made once at start."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._of_calls: dict[str, UUID] = {}

    async def tenant_of_token(self, token_id: UUID) -> Tenant | None:
        row = await self._database.lookup_pool.fetch_row(_TENANT_LOOKUP_SQL, token_id)
        return None if row is None else Tenant(row[0], row[1])

    async def tenant_of_call(self, carrier_sid: str) -> UUID | None:
        if (known := self._of_calls.get(carrier_sid)) is not None:
            return known
        found: UUID | None = await self._database.lookup_pool.fetch_value(TENANT_OF_CALL_SQL, carrier_sid)
        if found is not None:
            self.remember(carrier_sid, found)
        return found

    def remember(self, carrier_sid: str, organization_id: UUID) -> None:
        """Remember the organization of a stored call for the call's later events. It never changes."""
        self._of_calls[carrier_sid] = organization_id
        if len(self._of_calls) > MAX_REMEMBERED_CALLS:
            del self._of_calls[next(iter(self._of_calls))]


class CallLookup:
    """Finds a widget's call by its call id, always together with the widget's token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, widget: AuthenticatedWidget, call_id: UUID) -> CallLookupResult | None:
        row = await self._database.lookup_pool.fetch_row_in_time(CALL_LOOKUP_SQL, widget.token_id, call_id)
        if row is None:
            return None
        status, number, from_number, duration, end_reason, carrier_error, stored, limit_minutes, time_zone = row
        details = None if stored is None else msgspec.json.decode(stored)
        explanation = explain(
            end_reason,
            details,
            organization=widget.organization_name,
            limit_minutes=limit_minutes,
            zone=zone_of(time_zone, widget.country),
        )
        error_info = CARRIER_ERROR_CODES.get(carrier_error) if explanation is None else None
        message, advice = (None, None) if error_info is None else (error_info.message, f"{error_info.advice}.")
        error_details = (
            RefusalDetails(who=error_info.fixed_by) if error_info is not None and error_info.fixed_by else None
        )
        return CallLookupResult(
            summary=CallSummary(
                status=status,
                # The dialled text of a refused call may be no number.
                number=number if is_e164(number or "") else None,
                from_=from_number,
                duration=duration,
                end_reason=end_reason,
                message=message if explanation is None else explanation.refusal.message,
                help=advice if explanation is None else explanation.help,
                details=error_details if explanation is None else explanation.details,
            ),
            is_over=read_member(CallStatus, status).is_final,
        )
