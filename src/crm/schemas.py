"""Request and response schemas of the API of the HubSpot connection, and of calls that could not be written."""

from typing import Annotated

from msgspec import Meta

from crm.failures import failure_sentence
from crm.models import CrmCallState, FailureReason, HubSpotCall, HubSpotConnection
from crm.services import CallCounts
from kit.schemas import RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339

PortalId = Annotated[str | None, Meta(examples=["2519445"])]
Count = Annotated[int, Meta(examples=[0])]


class ConnectHubSpot(RequestModel, frozen=True, kw_only=True):
    """The token of a private app, or a service key, of HubSpot."""

    access_token: Annotated[str, Meta(examples=["pat-eu1-…"])]
    """Stored encrypted; no response contains it."""

    def __repr__(self) -> str:
        return "ConnectHubSpot(…)"


class HubSpotInfo(ResponseModel, frozen=True, kw_only=True):
    """The connection to HubSpot, without its token."""

    connected: Annotated[bool, Meta(examples=[True])]
    portal_id: PortalId
    """The number of the HubSpot account; null without a connection, like all times."""
    connected_at: Timestamp | None
    broken_at: Timestamp | None
    """The time since which HubSpot refuses the token: connect another token. Null while the token works."""
    last_logged_at: Timestamp | None
    """The time at which a call was last written."""
    waiting: Count
    """Calls that are being written, or that wait for HubSpot."""
    failed: Count
    """Calls that could not be written: ``…/failures`` lists them."""
    calls_without_record: Count
    """Calls since the connection that named no HubSpot record, and are not written."""

    @classmethod
    def of(cls, connection: HubSpotConnection | None, counts: CallCounts) -> "HubSpotInfo":
        if connection is None:
            return cls(
                connected=False,
                portal_id=None,
                connected_at=None,
                broken_at=None,
                last_logged_at=None,
                waiting=0,
                failed=0,
                calls_without_record=0,
            )
        return cls(
            connected=True,
            portal_id=connection.portal_id,
            connected_at=rfc3339(connection.created_at),
            broken_at=rfc3339(connection.broken_at),
            last_logged_at=rfc3339(connection.last_logged_at),
            waiting=counts.waiting,
            failed=counts.failed,
            calls_without_record=connection.calls_without_record,
        )


class HubSpotCallInfo(ResponseModel, frozen=True, kw_only=True):
    """A call that could not be written into HubSpot, or that waits for another attempt."""

    id: ResourceId
    call_id: ResourceId
    """The ``id`` of the call."""
    state: CrmCallState
    """``failed``, or ``waiting`` after *retry*."""
    reason: FailureReason | None
    message: Annotated[str | None, Meta(examples=[failure_sentence(FailureReason.RECORD_MISSING, None)])]
    """The cause and the next step, as a sentence; null while the call waits."""
    failed_at: Timestamp | None

    @classmethod
    def of(cls, row: HubSpotCall) -> "HubSpotCallInfo":
        return cls(
            id=row.id,
            call_id=row.call_record_id,
            state=row.state,
            reason=row.reason,
            message=None if row.reason is None else failure_sentence(row.reason, row.detail),
            failed_at=rfc3339(row.failed_at),
        )
