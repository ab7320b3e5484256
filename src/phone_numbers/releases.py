"""Releases phone numbers at the carrier, in three steps: mark as releasing, ask the carrier, mark as released.

A crash between the steps leaves a number marked as releasing, never a number that is held here but not at the carrier.
"""

from contextlib import suppress
from uuid import UUID

import structlog

from carrier.port import Carrier, CarrierError, NotFoundAtCarrier
from kit.actor import Actor
from kit.db.database import Database
from kit.deployment import Deployment, DeploymentService
from phone_numbers import rules
from phone_numbers.errors import ReleasesPaused, ReleaseUnconfirmed
from phone_numbers.services import NumberInUseCheck, PhoneNumberService
from tenants.models import PhoneNumber

log = structlog.get_logger("epoch.numbers")


class NumberReleaser:
    """Releases numbers. No transaction is open while the carrier is asked."""

    def __init__(self, database: Database, carrier: Carrier, *, is_in_use: NumberInUseCheck) -> None:
        self._database = database
        self._carrier = carrier
        self._is_in_use = is_in_use

    async def release(self, organization_id: UUID, number_id: UUID, *, by: Actor) -> None:
        """Release a number at the carrier; its row stays for the call records.

        A number that another deployment owns stays at the carrier; only its row here is marked as released.

        Raises:
            NotFound: the organization does not hold it.
            NumberInUse: a live call comes from it.
            ReleasesPaused: this database is a copy that nobody has confirmed.
            ReleaseUnconfirmed: the carrier does not answer; the reconciliation repeats the release.
        """
        deployment = await self._read_deployment()
        if deployment.is_copy:
            raise ReleasesPaused
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            number = await PhoneNumberService(session).begin_release(
                organization_id, number_id, is_in_use=self._is_in_use, by=by
            )
        try:
            await self._release_at_carrier(number, deployment)
        except CarrierError as error:
            log.warning("number_not_released", number=str(number_id), error=str(error))
            raise ReleaseUnconfirmed from error
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            await PhoneNumberService(session).finish_release(organization_id, number_id, by=by)

    async def _read_deployment(self) -> Deployment:
        async with self._database.sessions() as session:
            return await DeploymentService(session).read()

    async def _release_at_carrier(self, number: PhoneNumber, deployment: Deployment) -> None:
        """Raises: CarrierError, but not when the account does not hold the number."""
        for owned in await self._carrier.owned_numbers(e164=number.e164):
            name = rules.parse_friendly_name(owned.friendly_name)
            # If the row has no carrier id, a number with a purchase's name belongs to that purchase, not to this row.
            is_of_row = owned.sid == number.carrier_sid if number.carrier_sid is not None else name is None
            if owned.e164 != number.e164 or not is_of_row:
                continue
            if not deployment.is_own(None if name is None else name.deployment, number.created_at):
                log.warning("number_of_another_deployment_kept", number=str(number.id), number_sid=owned.sid)
                continue
            with suppress(NotFoundAtCarrier):  # another process released it
                await self._carrier.release_number(owned.sid)


async def release_unowned(carrier: Carrier, sid: str) -> bool:
    """Release a number that no organization holds; return False when the carrier must be asked again."""
    try:
        await carrier.release_number(sid)
    except NotFoundAtCarrier:
        return True
    except CarrierError as error:
        log.warning("unowned_number_not_released", number_sid=sid, error=str(error))
        return False
    return True
