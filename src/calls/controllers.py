"""The carrier's webhooks, and ``…/calls`` and ``…/usage`` for customers."""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

import structlog
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from calls.call_state import LegEvent
from calls.callback_forms import (
    OutgoingCall,
    parse_dial_ended,
    parse_outgoing_call,
    parse_status_callback,
)
from calls.caller_attribution import CALLER_ATTRIBUTION
from calls.csv_export import calls_csv
from calls.errors import ClientBusy, InvalidCallback, InvalidCarrierSignature
from calls.guards import signed_form
from calls.limits.admission import CALL_ADMISSION, CallAdmission, admission_session, store_unchecked_rejection
from calls.limits.admission_queue import ADMISSION_QUEUE, OrganizationSemaphores
from calls.limits.call_duration import MAX_CALL_MINUTES, RING_SECONDS
from calls.limits.limit_alerts import LIMIT_ALERTS
from calls.limits.rejections import UNCHECKED_REJECTIONS
from calls.list_filters import parse_number_filter
from calls.models import Call, CallStatus
from calls.schemas import (
    CallDetail,
    CallInfo,
    MonthUsageInfo,
    UsageInfo,
)
from calls.services import CallFilters, CallService
from calls.tenant_lookup import TenantResolver
from calls.unmatched_events import keep_orphan
from calls.usage import usage_of
from carrier.port import CARRIER, Carrier, DialPlan
from kit.clock import utc_now
from kit.db.database import Database, is_outage
from kit.db.paging import PageQuery, read_moment
from kit.http.app_key import DATABASE, SETTINGS
from kit.http.csv_response import csv_response
from kit.http.query_parameters import Moment
from kit.schemas import Page
from kit.settings import Settings
from tenants.guards import requires_member

WEBHOOK_BYTES = 65_536
# Who hangs up at once is reported while the call's own request may still be writing its first row.
_FIRST_WRITE_SECONDS = (0.1, 0.2, 0.3, 0.4, 0.4)
# Who hangs up and calls again is quicker than the news that the last call is over.
_LAST_CALL_SECONDS = (0.1, 0.2, 0.4, 0.5)
log = structlog.get_logger("epoch.voice")


def _document(body: bytes) -> Response[bytes]:
    return Response(body, media_type="text/xml", status_code=200)


def _refused(_: Request[Any, Any, Any], error: InvalidCarrierSignature | InvalidCallback) -> Response[bytes]:
    """Nothing in the body: whoever forges a webhook learns nothing from the answer."""
    log.warning("webhook_refused", reason=error.code)
    return Response(
        b"", media_type="text/plain", status_code=403 if isinstance(error, InvalidCarrierSignature) else 400
    )


class WebhookController(Controller):
    """What the carrier tells and asks us."""

    path = "/voice"
    include_in_schema = False
    request_max_body_size = WEBHOOK_BYTES
    exception_handlers = {InvalidCarrierSignature: _refused, InvalidCallback: _refused}

    @post("/outgoing")
    async def outgoing(self, request: Request[Any, Any, State]) -> Response[bytes]:
        asked = parse_outgoing_call(await signed_form(request))
        call = await _placed(request, asked)
        carrier = CARRIER.get(request.app)
        if call is None or call.status is CallStatus.REFUSED:
            log.info("call_refused", reason="replayed_or_unknown" if call is None else call.end_reason)
            return _document(carrier.reject())
        return _document(carrier.dial(_plan(SETTINGS.get(request.app), call)))

    @post("/unavailable", status_code=200)
    async def unavailable(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """What the carrier asks for when ``/voice/outgoing`` failed it: nothing is read and nothing dialled."""
        return _document(_parts(request)[1].reject())

    @post("/dial-ended")
    async def dial_ended(self, request: Request[Any, Any, State]) -> Response[bytes]:
        parent_sid, event = parse_dial_ended(await signed_form(request))
        await _record(request, parent_sid, parent_sid, event)
        return _document(_parts(request)[1].finish())

    @post("/status", status_code=204)
    async def status(self, request: Request[Any, Any, State]) -> None:
        parent_sid, leg_sid, event = parse_status_callback(await signed_form(request))
        await _record(request, parent_sid, leg_sid, event)


def _parts(request: Request[Any, Any, State]) -> tuple[Database, Carrier]:
    return DATABASE.get(request.app), CARRIER.get(request.app)


async def _placed(request: Request[Any, Any, State], asked: OutgoingCall) -> Call | None:
    """The record of the call; None when there is nothing to dial. What cannot be asked or counted is not dialled."""
    database, gate, turns = (
        DATABASE.get(request.app),
        CALL_ADMISSION.get(request.app),
        ADMISSION_QUEUE.get(request.app),
    )
    found = None
    try:
        found = await TenantResolver(DATABASE.get(request.app)).tenant_of_token(asked.token_id)
        if found is None:
            return None
        agents = CALLER_ATTRIBUTION.get(request.app)
        if agents.may_identify(asked):
            async with admission_session(database, found[0]) as session:
                asked = await agents.identify(session, asked)
        return await _through(gate, database, turns, *found, asked)
    except Exception as error:
        log.error("call_not_judged", error=type(error).__name__, exc_info=None if is_outage(error) else error)
        if found is None:
            return None
    with contextlib.suppress(Exception):  # Then not even the reason can be kept: the widget learns that nothing works.
        async with admission_session(database, found[0]) as session:
            return await store_unchecked_rejection(session, found[0], asked, UNCHECKED_REJECTIONS.get(request.app))
    return None


async def _through(
    gate: CallAdmission,
    database: Database,
    turns: OrganizationSemaphores,
    organization_id: UUID,
    country: str,
    asked: OutgoingCall,
) -> Call | None:
    for pause in _LAST_CALL_SECONDS:
        try:
            async with turns.acquire(organization_id), admission_session(database, organization_id) as session:
                return await gate.admit(session, organization_id, country, asked, may_wait=True)
        except ClientBusy:
            await asyncio.sleep(pause)
    async with turns.acquire(organization_id), admission_session(database, organization_id) as session:
        return await gate.admit(session, organization_id, country, asked)


async def _record(request: Request[Any, Any, State], parent_sid: str, leg_sid: str, event: LegEvent) -> None:
    database, _ = _parts(request)
    owners = TenantResolver(database)
    organization_id = await owners.tenant_of_call(parent_sid)
    for pause in _FIRST_WRITE_SECONDS:
        if organization_id is not None:
            break
        await asyncio.sleep(pause)
        organization_id = await owners.tenant_of_call(parent_sid)
    if organization_id is None:
        log.warning("event_of_unknown_call", kind=event.kind)
        async with database.tenant_session(None) as session:
            await keep_orphan(session, parent_sid, leg_sid, event)
        return
    async with database.tenant_session(organization_id) as session:
        watch = LIMIT_ALERTS.get(request.app)
        await CallService(session).record_event(organization_id, parent_sid, leg_sid, event, watch=watch)


def _plan(settings: Settings, call: Call) -> DialPlan:
    return DialPlan(
        to=call.to_number,
        caller_id=call.from_number or "",
        status_url=f"{settings.public_url}/voice/status",
        action_url=f"{settings.public_url}/voice/dial-ended",
        ring_seconds=RING_SECONDS,
        limit_seconds=60 * (call.limit_minutes or MAX_CALL_MINUTES),
    )


def call_filters(
    status: FromQuery[CallStatus | None] = None,
    number: FromQuery[str | None] = None,
    token_id: FromQuery[UUID | None] = None,
    since: Moment = None,
    until: Moment = None,
) -> CallFilters:
    """The filters in a query, for the list and its export alike. Raises: ValidationFailed."""
    return CallFilters(
        status=status,
        number=parse_number_filter(number),
        token_id=token_id,
        since=read_moment("since", since),
        until=read_moment("until", until),
    )


class CallController(Controller):
    """Calls of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/calls"
    tags = ["Calls"]
    guards = [requires_member]
    dependencies = {"filters": Provide(call_filters, sync_to_thread=False)}

    @get(summary="Calls, newest first")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        filters: NamedDependency[CallFilters],
        asked: NamedDependency[PageQuery],
    ) -> Page[CallInfo]:
        rows = await CallService(db_session).page(organization_id, filters, after=asked.after, limit=asked.limit)
        return asked.answer(rows, CallInfo.of)

    @get("/export.csv", summary="Calls as CSV, newest first", media_type="text/csv")
    async def export(
        self, organization_id: FromPath[UUID], filters: NamedDependency[CallFilters], request: Request[Any, Any, State]
    ) -> Stream:
        return csv_response("calls.csv", calls_csv(DATABASE.get(request.app), organization_id, filters))

    @get("/{call_id:uuid}", summary="One call with its timeline")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], call_id: FromPath[UUID]
    ) -> CallDetail:
        calls = CallService(db_session)
        call = await calls.get(organization_id, call_id)
        return CallDetail.with_events(call, await calls.visible_events(organization_id, call.id))


class UsageController(Controller):
    """What the organization in the path used."""

    path = "/organizations/{organization_id:uuid}/usage"
    tags = ["Usage"]
    guards = [requires_member]

    @get(summary="Calls and minutes, this month and last, by token and agent")
    async def show(self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]) -> UsageInfo:
        this_month, last_month = await usage_of(db_session, organization_id, today=utc_now().date())
        return UsageInfo(this_month=MonthUsageInfo.of(this_month), last_month=MonthUsageInfo.of(last_month))
