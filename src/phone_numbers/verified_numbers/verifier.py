"""Verifies numbers that organizations hold with another company, by a call of the carrier; rechecks and removes them.

The name of the caller id at the carrier contains the row's id, so that each organization verifies for itself. The row
is stored before the carrier is asked, and no transaction is open while the carrier is asked.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from carrier.port import Carrier, CarrierError, CarrierUnavailable, NotFoundAtCarrier
from kit.actor import Actor
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import DeploymentService
from kit.e164 import EmergencyNumber, InvalidPhoneNumber, parse_dialled
from kit.errors import NotFound, ValidationFailed
from phone_numbers import rules
from phone_numbers.errors import NumberVerifiedForAnotherAccount, refusal_by_carrier
from phone_numbers.verified_numbers.services import VerificationRequest, VerifiedNumberService, is_up_to_date
from tenants.models import Organization, VerificationState, VerifiedNumber
from tenants.services import RESTORE_PERIOD

VerificationCheck = Callable[[AsyncSession, UUID, str], Awaitable[None]]
"""Raises ValidationFailed when an organization may not let a number be called. The package ``calls`` implements it."""
_HELD_BY_OTHERS = """
    SELECT 1 FROM phone_number WHERE e164 = $1 AND released_at IS NULL AND organization_id <> $2 LIMIT 1
"""
_VERIFIED_ALREADY = 21450
_BATCH_ROWS = 500
_CHECKED_STATES = tuple(state for state in VerificationState if state is not VerificationState.REMOVING)
log = structlog.get_logger("epoch.numbers")


class RequestedVerification(msgspec.Struct, frozen=True):
    """A validation call that was requested."""

    number_id: UUID
    e164: str
    code: str
    """The digits that the person who answers must type."""


class NumberVerifier:
    """Requests validation calls, reads their outcome, and removes numbers. Handlers' guards check permission."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        *,
        ensure_may_verify: VerificationCheck,
        status_url: str | None = None,
    ) -> None:
        """The carrier reports the end of validation calls to ``status_url``; without it the reconciliation reads it."""
        self._database = database
        self._ensure_may_verify = ensure_may_verify
        self._carrier = carrier
        self._status_url = status_url

    async def request(
        self, organization_id: UUID, typed: str, name: str, *, country: str, by: Actor
    ) -> RequestedVerification:
        """Let the carrier call ``typed``, a number as people in ``country`` write it, and ask for the code.

        Raises:
            ValidationFailed: not a number that may be called, a business number of another organization, or the
                carrier does not call it; or an invalid name.
            NumberVerifiedAlready, TooManyVerifiedNumbers, NumberVerifiedForAnotherAccount: not this number.
            TooMany: too many validation calls within a day.
            CarrierBusy, CarrierNotAnswering, Unavailable: the carrier does not answer, or refuses our credentials.
        """
        e164, checked_name = _parse_number(typed, country), rules.parse_number_name(name)
        if await self._database.lookup_pool.fetch_value(_HELD_BY_OTHERS, e164, organization_id) is not None:
            sentence = "This is a business number of this service, and only its holder can show it. Choose another one"
            raise ValidationFailed([("number", sentence)])
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            await self._ensure_may_verify(session, organization_id, e164)
            requested = await VerifiedNumberService(session).request(organization_id, e164, checked_name, by=by)
        try:
            code = await self._carrier.request_validation(
                e164,
                friendly_name=await self._name_of(requested.number_id),
                status_url=self._status_url_of(organization_id, requested.number_id),
            )
        except CarrierError as error:
            await self._withdraw(organization_id, requested, error, by)
            if isinstance(error, CarrierUnavailable):
                raise refusal_by_carrier(error) from error
            if error.code == _VERIFIED_ALREADY:
                raise NumberVerifiedForAnotherAccount from error
            raise ValidationFailed([("number", "The carrier does not call this number. Choose another one")]) from error
        return RequestedVerification(requested.number_id, e164, code)

    async def remove(self, organization_id: UUID, number_id: UUID, *, by: Actor) -> str:
        """Remove the number here and at the carrier; return the number, E.164. Raises: NotFound.

        If the carrier does not answer, the reconciliation repeats the deletion.
        """
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            e164 = await VerifiedNumberService(session).begin_removal(organization_id, number_id, by=by)
        async with self._database.sessions() as session:
            is_copy = (await DeploymentService(session).read()).is_copy
        if not is_copy:
            with suppress(CarrierError):
                await self._finish_removal(organization_id, number_id)
        return e164

    async def record_call_end(self, organization_id: UUID, number_id: UUID, *, is_confirmed: bool) -> None:
        """Store the outcome of a validation call; ignored for a removed number. Raises: CarrierError."""
        with suppress(NotFound):
            if is_confirmed:
                read_at, name = utc_now(), await self._name_of(number_id)
                found = await self._carrier.caller_ids(friendly_name=name)
                await self._store_check(organization_id, number_id, is_listed=bool(found), read_at=read_at)
            else:
                async with self._database.tenant_session(organization_id) as session:
                    await VerifiedNumberService(session).store_failure(organization_id, number_id)

    async def finish_changes(self, *, is_full: bool) -> None:
        """For all organizations: check pending numbers in the carrier's list, and delete removed ones at the carrier.

        ``is_full`` checks all numbers, not only pending ones. The database role must see all rows, and the deployment
        must be confirmed. Raises: CarrierError.
        """
        for row in await self._list_to_delete():
            try:
                await self._finish_removal(row.organization_id, row.id)
            except CarrierError as error:
                # The next run repeats it; the numbers of other organizations must not wait for this one.
                log.warning("caller_id_not_removed", number_id=str(row.id), error=type(error).__name__)
        rows = await self._list_in(_CHECKED_STATES if is_full else (VerificationState.PENDING,))
        if not rows:
            return
        prefix, read_at = await self._read_prefix(), utc_now()
        listed = {(caller_id.e164, caller_id.friendly_name) for caller_id in await self._carrier.caller_ids()}
        for row in rows:
            is_listed = (row.e164, f"{prefix}{row.id}") in listed
            if not is_up_to_date(row, is_listed=is_listed):
                with suppress(NotFound):  # the organization removed the number
                    await self._store_check(row.organization_id, row.id, is_listed=is_listed, read_at=read_at)

    async def _finish_removal(self, organization_id: UUID, number_id: UUID) -> None:
        """Delete the number's caller id at the carrier, then its row. Raises: CarrierError."""
        for found in await self._carrier.caller_ids(friendly_name=await self._name_of(number_id)):
            with suppress(NotFoundAtCarrier):  # another process deleted it
                await self._carrier.delete_caller_id(found.sid)
        async with self._database.tenant_session(organization_id) as session:
            await VerifiedNumberService(session).finish_removal(organization_id, number_id)

    async def _store_check(self, organization_id: UUID, number_id: UUID, *, is_listed: bool, read_at: datetime) -> None:
        """Raises: NotFound."""
        async with self._database.tenant_session(organization_id) as session:
            service = VerifiedNumberService(session)
            await service.store_check(organization_id, number_id, is_listed=is_listed, read_at=read_at)

    async def _withdraw(
        self, organization_id: UUID, requested: VerificationRequest, error: CarrierError, by: Actor
    ) -> None:
        log.warning("validation_not_requested", number=str(requested.number_id), error=str(error))
        with suppress(NotFound):  # the organization removed the number
            async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
                await VerifiedNumberService(session).withdraw(organization_id, requested, by=by)

    async def _list_in(self, states: Collection[VerificationState]) -> Sequence[VerifiedNumber]:
        return await self._list(sa.select(VerifiedNumber).where(VerifiedNumber.state.in_(states)))

    async def _list_to_delete(self) -> Sequence[VerifiedNumber]:
        """Removed numbers, and all those of organizations past their restore period."""
        is_past = Organization.deleted_at < utc_now() - RESTORE_PERIOD
        query = sa.select(VerifiedNumber).join(Organization, Organization.id == VerifiedNumber.organization_id)
        return await self._list(
            query.where(sa.or_(VerifiedNumber.state == VerificationState.REMOVING, is_past)).limit(_BATCH_ROWS)
        )

    async def _list(self, query: sa.Select[VerifiedNumber]) -> Sequence[VerifiedNumber]:
        async with self._database.sessions() as session:
            rows: Sequence[VerifiedNumber] = (await session.scalars(query)).all()
        return rows

    async def _name_of(self, number_id: UUID) -> str:
        """The name of a number's caller id at the carrier."""
        return f"{await self._read_prefix()}{number_id}"

    async def _read_prefix(self) -> str:
        async with self._database.sessions() as session:
            return f"vn:{(await DeploymentService(session).read()).name}:"

    def _status_url_of(self, organization_id: UUID, number_id: UUID) -> str | None:
        if self._status_url is None:
            return None
        return f"{self._status_url}?{urlencode({'organization': organization_id, 'number': number_id})}"


def _parse_number(typed: str, country: str) -> str:
    """Raises: ValidationFailed."""
    try:
        return parse_dialled(typed, country)
    except EmergencyNumber as error:
        raise ValidationFailed([("number", error.message)]) from error
    except InvalidPhoneNumber as error:
        sentence = "Write your number with its area code, or with + and the country code"
        raise ValidationFailed([("number", sentence)]) from error
