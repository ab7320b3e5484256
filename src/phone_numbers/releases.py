"""Releases phone numbers at the carrier, in three steps: mark as releasing, ask the carrier, mark as released.

A crash in between leaves a number that is being released, never one that only looks held.
"""

from uuid import UUID

import structlog

from carrier.port import Carrier, CarrierError, NotFoundAtCarrier, OwnedNumber
from kit.actor import Actor
from kit.db.database import Database
from phone_numbers import rules
from phone_numbers.errors import ReleaseUnconfirmed
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
        """Release a number at the carrier; call records keep it.

        Raises:
            NotFound: the organization does not hold it.
            NumberInUse: a live call comes from it.
            ReleaseNotSettled: the carrier does not answer; the release stays ordered.
        """
        async with self._database.tenant_session(organization_id, by.user_id) as session:
            number = await PhoneNumberService(session).begin_release(
                organization_id, number_id, is_in_use=self._is_in_use, by=by
            )
        try:
            await self._release_at_carrier(number)
        except CarrierError as error:
            log.warning("number_not_released", number=str(number_id), error=str(error))
            raise ReleaseUnconfirmed from error
        async with self._database.tenant_session(organization_id, by.user_id) as session:
            await PhoneNumberService(session).finish_release(organization_id, number_id, by=by)

    async def _release_at_carrier(self, number: PhoneNumber) -> None:
        """Raises: CarrierError, but not when the account does not hold the number."""
        sids = [number.carrier_sid]
        if number.carrier_sid is None:
            listed = await self._carrier.owned_numbers(e164=number.e164)
            # A number that is named for a purchase belongs to that purchase, not to this row.
            unnamed = (owned for owned in listed if rules.purchase_id_in(owned.friendly_name) is None)
            sids = [owned.sid for owned in unnamed if owned.e164 == number.e164]
        for sid in sids:
            try:
                await self._carrier.release_number(str(sid))
            except NotFoundAtCarrier:
                log.info("number_already_released", number=str(number.id))


async def release_unowned(carrier: Carrier, owned: OwnedNumber) -> bool:
    """Release a number that no organization holds; False when the carrier must be asked again."""
    try:
        await carrier.release_number(owned.sid)
    except NotFoundAtCarrier:
        return True
    except CarrierError as error:
        log.warning("unowned_number_not_released", number_sid=owned.sid, error=str(error))
        return False
    return True
