"""Searching and buying at the carrier, so that no crash loses a number or pays for two.

A purchase is a saga. Its row is committed before the carrier is asked, and the number carries the row's id as its
name there, so that a number without a row leads back to who wanted it. The carrier's create call cannot be repeated
safely: after a doubt its list is asked, never the call again. No transaction is open while the carrier is asked.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from carrier.port import AvailableNumber, Carrier, CarrierError, CarrierUnavailable, NotAtCarrier, OwnedNumber
from kit.actor import Actor
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.rate_limit import hit_or_raise
from phone_numbers import rules
from phone_numbers.errors import (
    CarrierAway,
    NumberNotAvailable,
    PurchaseInProgress,
    PurchaseNotSettled,
)
from phone_numbers.purchase_repository import (
    Claim,
    NumberPurchaseService,
    Standing,
    limits_of,
)
from phone_numbers.releases import give_back
from tenants.models import PhoneNumber, PurchaseState

SETTLE_AFTER = timedelta(seconds=60)
"""By then nobody still waits for the carrier's answer to a purchase: its transport gives up after 10 s."""
SHOWN = 20
"""How many numbers a search shows."""
_JOIN_SECONDS = 25
_JOIN_POLL_SECONDS = 0.25
_NOT_GIVEN = "The carrier did not give this number"
_NEVER_BOUGHT = "The purchase did not reach the carrier"
log = structlog.get_logger("epoch.numbers")


class NumberPurchases:
    """Numbers for sale, and the way from there to an organization."""

    def __init__(self, database: Database, carrier: Carrier, *, settle_after: timedelta = SETTLE_AFTER) -> None:
        self._database = database
        self._carrier = carrier
        self._settle_after = settle_after

    def is_abandoned(self, claim: Claim) -> bool:
        """True when nobody can still be waiting for the carrier's answer to a purchase."""
        return rules.asked_at(claim.purchase_id) < utc_now() - self._settle_after

    async def search(self, organization_id: UUID, search: rules.Search, *, by: Actor) -> list[AvailableNumber]:
        """Numbers for sale that calls can come from, best match first; none in a country without any.

        Raises:
            TooMany: the organization searches too often.
            CarrierAway: the carrier does not answer.
        """
        await self._count(organization_id, rules.SEARCHES, by, factor=1, window=timedelta(minutes=1))
        return await self._search(search)

    async def buy(self, organization_id: UUID, e164: str, *, by: Actor) -> PhoneNumber:
        """Buy ``e164``, at most once however often it is asked for at a time; a number already held is the answer.

        Raises:
            ValidationFailed: not a number that can be for sale.
            TooMany, TooManyNumbers, TooManyPurchases, PurchaseInProgress: not now.
            OrganizationSuspended, PlanTooLow: the organization may not have numbers.
            NumberNotAvailable: the carrier does not sell it to us.
            CarrierAway, PurchaseNotSettled: the carrier does not answer.
        """
        exactly = rules.search_for(e164)
        standing = await self._standing(organization_id, e164, by)
        if isinstance(standing, Claim) and self.is_abandoned(standing):
            standing = await self._settle_abandoned(organization_id, standing, by)
        if standing is None:
            window, factor = rules.DAY, rules.ATTEMPTS_PER_PURCHASE
            await self._count(organization_id, rules.PURCHASES, by, factor=factor, window=window)
            standing = await self._ask_for(organization_id, e164, exactly, by)
        if isinstance(standing, PhoneNumber):
            return standing
        return await (self._carry_out if standing.is_ours else self._join)(organization_id, standing, by)

    async def settle(self, organization_id: UUID, claim: Claim, *, by: Actor) -> PhoneNumber | None:
        """Find out at the carrier what became of an abandoned purchase, and write it down; None when nothing did.

        Raises: CarrierError.
        """
        found = await self._at_carrier(claim)
        if found is None:
            await self._give_up(organization_id, claim.purchase_id, _NEVER_BOUGHT, by)
            return None
        return await self.adopt(organization_id, claim.purchase_id, found, by=by)

    async def adopt(
        self, organization_id: UUID, purchase_id: UUID, bought: OwnedNumber, *, by: Actor
    ) -> PhoneNumber | None:
        """Complete the purchase with the number that the carrier holds for it; give it back when nobody wants it."""
        try:
            async with self._database.tenant_session(organization_id, by.user_id) as session:
                number = await NumberPurchaseService(session).complete(
                    organization_id, purchase_id, carrier_sid=bought.sid, by=by
                )
        except IntegrityError:
            log.warning("number_held_elsewhere", purchase=str(purchase_id))
            await self._give_up(organization_id, purchase_id, _NOT_GIVEN, by)
            number = None
        if number is None:
            # What the carrier does not take back now stands there under a failed purchase's name: the sweep finds it.
            await give_back(self._carrier, bought)
        return number

    async def _standing(self, organization_id: UUID, e164: str, by: Actor) -> Standing | None:
        async with self._database.tenant_session(organization_id, by.user_id) as session:
            return await NumberPurchaseService(session).standing(organization_id, e164)

    async def _ask_for(self, organization_id: UUID, e164: str, exactly: rules.Search, by: Actor) -> Standing:
        """Claim the purchase of a number that is for sale and can make calls, whatever was typed into the request."""
        if not any(offered.e164 == e164 for offered in await self._search(exactly)):
            # Perhaps it was this organization's other click that took it off the market.
            standing = await self._standing(organization_id, e164, by)
            if standing is None:
                raise NumberNotAvailable
            return standing
        async with self._database.tenant_session(organization_id, by.user_id) as session:
            return await NumberPurchaseService(session).begin(organization_id, e164, by=by)

    async def _carry_out(self, organization_id: UUID, claim: Claim, by: Actor) -> PhoneNumber:
        try:
            bought = await self._carrier.buy_number(claim.e164, friendly_name=rules.friendly_name(claim.purchase_id))
        except CarrierUnavailable as error:
            log.warning("purchase_unanswered", purchase=str(claim.purchase_id), error=str(error))
            bought = await self._after_silence(claim)
        except CarrierError as error:
            log.info("purchase_refused", purchase=str(claim.purchase_id), error=str(error))
            await self._give_up(organization_id, claim.purchase_id, _NOT_GIVEN, by)
            raise NumberNotAvailable from error
        number = await self.adopt(organization_id, claim.purchase_id, bought, by=by)
        if number is None:
            raise NumberNotAvailable
        return number

    async def _after_silence(self, claim: Claim) -> OwnedNumber:
        """The number, if the carrier lists it. Not listed proves nothing yet: the request may still be on its way.

        Raises: PurchaseNotSettled.
        """
        try:
            found = await self._at_carrier(claim)
        except CarrierError as error:
            raise PurchaseNotSettled from error
        if found is None:
            raise PurchaseNotSettled
        return found

    async def _join(self, organization_id: UUID, claim: Claim, by: Actor) -> PhoneNumber:
        """Wait for what comes of a purchase that another request makes."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _JOIN_SECONDS
        while loop.time() < until:
            async with self._database.tenant_session(organization_id, by.user_id) as session:
                service = NumberPurchaseService(session)
                purchase = await service.one(organization_id, claim.purchase_id)
                number = await service.outcome(organization_id, claim.purchase_id)
            if number is not None:
                return number
            if purchase.state is PurchaseState.FAILED:
                raise NumberNotAvailable
            await asyncio.sleep(_JOIN_POLL_SECONDS)
        raise PurchaseInProgress

    async def _settle_abandoned(self, organization_id: UUID, claim: Claim, by: Actor) -> PhoneNumber | None:
        try:
            return await self.settle(organization_id, claim, by=by)
        except CarrierError as error:
            raise PurchaseNotSettled from error

    async def _search(self, search: rules.Search) -> list[AvailableNumber]:
        try:
            return await self._carrier.search_numbers(
                country=search.country, area_code=search.area_code, contains=search.contains, limit=SHOWN
            )
        except CarrierUnavailable as error:
            raise CarrierAway from error
        except NotAtCarrier:
            return []
        except CarrierError as error:
            # It knows the country, but not such an area code or pattern.
            log.info("number_search_refused", country=search.country, error=str(error))
            return []

    async def _at_carrier(self, claim: Claim) -> OwnedNumber | None:
        name = rules.friendly_name(claim.purchase_id)
        listed = await self._carrier.owned_numbers(e164=claim.e164, friendly_name=name)
        # The carrier narrows generously: by a part of the number.
        return next((owned for owned in listed if owned.e164 == claim.e164 and owned.friendly_name == name), None)

    async def _give_up(self, organization_id: UUID, purchase_id: UUID, why: str, by: Actor) -> None:
        async with self._database.tenant_session(organization_id, by.user_id) as session:
            await NumberPurchaseService(session).fail(organization_id, purchase_id, why, by=by)

    async def _count(self, organization_id: UUID, what: str, by: Actor, *, factor: int, window: timedelta) -> None:
        async with self._database.tenant_session(organization_id, by.user_id) as session:
            times = factor * rules.limit(await limits_of(session, organization_id), what)
        # In a transaction of its own: the count outlasts whatever is refused afterwards.
        async with self._database.sessions() as session, session.begin():
            await hit_or_raise(session, f"{what}:{organization_id}", limit=times, window=window)
