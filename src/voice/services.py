"""What happens to calls: admitted or refused, followed to their end, listed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from kit.clock import utc_now
from kit.e164 import InvalidPhoneNumber, parse_dialled
from kit.errors import DomainError, NotFound
from kit.text import is_storable
from tenants import rules
from tenants.models import Organization, PhoneNumber
from voice.fold import LegEvent, fold
from voice.models import Call, CallEvent, CallStatus
from voice.webhooks import OutgoingCall
from widget.errors import RevokedEmbedToken
from widget.models import EmbedToken

_DIALLED_CHARACTERS = 32


class CallFilters(msgspec.Struct, frozen=True):
    """What a list of calls is narrowed to."""

    status: CallStatus | None = None
    number: str | None = None
    """Digits that the other side's number contains."""
    token_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class _Caller(msgspec.Struct, frozen=True):
    """The token behind an identity, with its organization, as they stand now."""

    token: EmbedToken
    organization: Organization
    e164: str | None


class CallService(SQLAlchemyAsyncRepositoryService[Call]):
    """Call records."""

    class Repository(SQLAlchemyAsyncRepository[Call]):
        model_type = Call

    repository_type = Repository

    async def place(self, organization_id: UUID, asked: OutgoingCall) -> Call | None:
        """Record a call that a browser asks for: admitted (``initiated``) or ``refused`` with its reason.

        The guards are asked again here, because an access token outlives a revocation. A second request for the same
        call returns the first one's record. None means that nothing is to be dialled: nobody stands behind the
        identity, or the call is known and over, or would not be admitted any more.
        """
        caller = await self._caller(organization_id, asked.token_id)
        if caller is None:
            return None
        now = utc_now()
        to_number, refusal = _judge(caller, asked)
        if (known := await self._by_sid(organization_id, asked.call_sid)) is not None:
            # The carrier's signature never ages: what is over, or would be refused by now, is not dialled again.
            is_settled = known.status is CallStatus.REFUSED or (refusal is None and not known.status.is_final)
            return known if is_settled else None
        values = {
            "id": uuid7(),
            "organization_id": caller.organization.id,
            "token_id": caller.token.id,
            "carrier_sid": asked.call_sid,
            "call_id": asked.call_id,
            "identity": asked.identity,
            "from_number": caller.e164,
            "to_number": to_number,
            "status": CallStatus.INITIATED if refusal is None else CallStatus.REFUSED,
            "started_at": now,
            "ended_at": None if refusal is None else now,
            "end_reason": None if refusal is None else refusal.code,
            "origin": asked.origin,
            "details": asked.metadata,
        }
        # Two deliveries at once: one inserts, the other reads what it inserted.
        statement = insert(Call).values(values).on_conflict_do_nothing(index_elements=["carrier_sid"])
        await self.repository.session.execute(statement)
        return await self._by_sid(organization_id, asked.call_sid)

    async def record(self, organization_id: UUID, parent_sid: str, leg_sid: str, event: LegEvent) -> Call | None:
        """Add ``event`` to its call and fold the call anew; None when there is no such call."""
        session = self.repository.session
        call = await self._by_sid(organization_id, parent_sid, locked=True)
        if call is None or call.status is CallStatus.REFUSED:
            return call
        values = {
            "id": uuid7(),
            "organization_id": call.organization_id,
            "call_record_id": call.id,
            "leg_sid": leg_sid,
            **msgspec.structs.asdict(event),
        }
        await session.execute(insert(CallEvent).values(values).on_conflict_do_nothing())
        state = fold(_leg_event(row) for row in await self.events(call.organization_id, call.id))
        call.status, call.duration = state.status, state.duration
        call.answered_at, call.ended_at, call.end_reason = state.answered_at, state.ended_at, state.end_reason
        return call

    async def page(
        self, organization_id: UUID, filters: CallFilters, *, after: UUID | None, limit: int
    ) -> Sequence[Call]:
        """``limit`` + 1 calls of the organization, newest first."""
        query = sa.select(Call).where(Call.owned_by(organization_id)).order_by(Call.id.desc())
        place = [] if after is None else [Call.id < after]
        if narrowed := _narrowed(filters):
            # Found in the index alone, which holds what is asked of them; only what is shown is read.
            found = sa.select(Call.id).where(Call.owned_by(organization_id), *place, *narrowed)
            place = [Call.id.in_(found.order_by(Call.id.desc()).limit(limit + 1))]
        rows: Sequence[Call] = (await self.repository.session.scalars(query.where(*place).limit(limit + 1))).all()
        return rows

    async def one(self, organization_id: UUID, call_id: UUID) -> Call:
        """One call of the organization. Raises: NotFound."""
        call = await self.get_one_or_none(Call.owned_by(organization_id), Call.id == call_id)
        if call is None:
            raise NotFound
        return call

    async def events(self, organization_id: UUID, call_id: UUID) -> Sequence[CallEvent]:
        """A call's events in the order they happened."""
        query = (
            sa.select(CallEvent)
            .where(CallEvent.owned_by(organization_id), CallEvent.call_record_id == call_id)
            .order_by(CallEvent.occurred_at, CallEvent.sequence, CallEvent.id)
        )
        rows: Sequence[CallEvent] = (await self.repository.session.scalars(query)).all()
        return rows

    async def _by_sid(self, organization_id: UUID, carrier_sid: str, *, locked: bool = False) -> Call | None:
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.carrier_sid == carrier_sid)
        found: Call | None = await self.repository.session.scalar(query.with_for_update() if locked else query)
        return found

    async def _caller(self, organization_id: UUID, token_id: UUID) -> _Caller | None:
        query = (
            sa.select(EmbedToken, Organization)
            .join(Organization, Organization.id == EmbedToken.organization_id)
            .where(EmbedToken.owned_by(organization_id), EmbedToken.id == token_id)
        )
        row = (await self.repository.session.execute(query)).one_or_none()
        if row is None:
            return None
        # Shared until the call is written: a release that begins meanwhile must see the call, or be seen by it.
        number = PhoneNumber.calls_for(organization_id).with_for_update(read=True)
        token, organization = row
        return _Caller(token, organization, await self.repository.session.scalar(number))


def _narrowed(filters: CallFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.status is not None:
        conditions.append(Call.status == filters.status)
    if filters.number is not None:
        conditions.append(Call.to_number.contains(filters.number, autoescape=True))
    if filters.token_id is not None:
        conditions.append(Call.token_id == filters.token_id)
    if filters.since is not None:
        conditions.append(Call.started_at >= filters.since)
    if filters.until is not None:
        conditions.append(Call.started_at < filters.until)
    return conditions


def _judge(caller: _Caller, asked: OutgoingCall) -> tuple[str, DomainError | None]:
    """The number to dial, or what was dialled and why it is refused."""
    try:
        if caller.token.revoked_at is not None or caller.organization.deleted_at is not None:
            raise RevokedEmbedToken
        rules.ensure_not_suspended(caller.organization.suspended_at is not None)
        rules.ensure_widget_plan(caller.organization.plan)
        own = rules.ensure_phone_number(caller.e164)
        to_number = parse_dialled(asked.dialled, caller.organization.country)
        if to_number == own:
            raise InvalidPhoneNumber
    except DomainError as refusal:
        dialled = asked.dialled[:_DIALLED_CHARACTERS]
        return dialled if is_storable(dialled) else "", refusal
    return to_number, None


def _leg_event(row: CallEvent) -> LegEvent:
    return LegEvent(
        is_child=row.is_child,
        kind=row.kind,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        duration=row.duration,
        sip_code=row.sip_code,
    )
