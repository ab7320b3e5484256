"""Buys phone numbers at the carrier, so that no crash loses a number or buys it twice.

A purchase is a saga. Its row is committed before the carrier is asked, and the number's name at the carrier contains
the row's id, so that a number at the carrier can be matched with its purchase. The carrier's create request is not
idempotent: when its outcome is unknown, the carrier's list is read and the request is not repeated. No transaction is
open while the carrier is asked.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from carrier.port import (
    Carrier,
    CarrierAccessRefused,
    CarrierError,
    CarrierUnavailable,
    NotDoneAtCarrier,
    NumberQuery,
    NumberUrls,
    OwnedNumber,
)
from kit.actor import Actor
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import DeploymentService
from kit.errors import DomainError, Unavailable
from phone_numbers import rules
from phone_numbers.address_rules import NumberDocuments
from phone_numbers.address_service import AddressService
from phone_numbers.carrier_refusals import NUMBER_REFUSALS, describe_refusal, number_refusal
from phone_numbers.errors import (
    CarrierNotAnswering,
    NumberNotAvailable,
    PurchaseInProgress,
    PurchaseUnconfirmed,
    refusal_by_carrier,
)
from phone_numbers.purchase_service import (
    NumberOrClaim,
    NumberPurchaseService,
    PurchaseClaim,
)
from phone_numbers.releases import release_unowned
from phone_numbers.searches import AttemptCounter, NumberSearcher
from tenants.models import PhoneNumber, PurchaseState

PURCHASE_ABANDONED_AFTER = timedelta(seconds=60)
"""The age at which a pending purchase counts as abandoned: the transport waits at most 10 s for the carrier."""
_MAX_WAIT_SECONDS = 25
_POLL_SECONDS = 0.25
_NOT_SOLD = "The carrier did not sell this number"
_NOT_RECEIVED = "The purchase did not reach the carrier"
log = structlog.get_logger("epoch.numbers")


class NumberPurchaser:
    """Buys numbers, and completes purchases whose outcome was unknown."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        *,
        abandoned_after: timedelta = PURCHASE_ABANDONED_AFTER,
        urls: NumberUrls | None = None,
    ) -> None:
        """``urls`` are set as the callback URLs of bought numbers."""
        self._database = database
        self._carrier = carrier
        self._urls = urls
        self._searcher, self._attempts = NumberSearcher(database, carrier), AttemptCounter(database)
        self._abandoned_after = abandoned_after

    def is_abandoned(self, claim: PurchaseClaim) -> bool:
        """True when no request can still wait for the carrier's response."""
        return rules.requested_at(claim.purchase_id) < utc_now() - self._abandoned_after

    async def buy(
        self, organization_id: UUID, e164: str, *, by: Actor, country: str = "", number_type: str = ""
    ) -> PhoneNumber:
        """Buy ``e164``, at most once for concurrent requests; return the number if the organization holds it already.

        ``country`` and ``number_type`` are those of the search that offered it; without them they are guessed.

        Raises:
            ValidationFailed: not a number that can be for sale.
            TooMany, TooManyNumbers, TooManyPurchases, PurchaseInProgress: a limit, or another purchase, forbids it now.
            OrganizationSuspended, PlanTooLow: the organization may not have numbers.
            NumberNotAvailable, AddressRequired, BundleRequired, NoNumbersInAreaCode, CarrierAccountLimited: the
                carrier does not sell it to us.
            CarrierNotAnswering, CarrierBusy, PurchaseUnconfirmed, Unavailable: the carrier does not answer, or refuses
                our credentials.
        """
        queries = rules.exact_queries(e164, country, number_type)
        existing = await self._find_number_or_claim(organization_id, e164, by)
        if isinstance(existing, PurchaseClaim) and self.is_abandoned(existing):
            existing = await self._resolve_abandoned(organization_id, existing, by)
        documents = NumberDocuments()
        if existing is None:
            window, factor = rules.PURCHASE_WINDOW, rules.ATTEMPTS_PER_PURCHASE
            await self._attempts.count(organization_id, rules.PURCHASES_LIMIT, by, factor=factor, window=window)
            existing, documents = await self._claim_offered(organization_id, e164, queries, by)
        if isinstance(existing, PhoneNumber):
            return existing
        if existing.is_new:
            return await self._buy_at_carrier(organization_id, existing, documents, by)
        return await self._wait_for(organization_id, existing, by)

    async def resolve(self, organization_id: UUID, claim: PurchaseClaim, *, by: Actor) -> PhoneNumber | None:
        """Ask the carrier for the outcome of an abandoned purchase and store it; None when it failed.

        Raises: CarrierError.
        """
        found = await self._find_at_carrier(claim)
        if found is None:
            await self._fail(organization_id, claim.purchase_id, _NOT_RECEIVED, by)
            return None
        return await self.adopt(organization_id, claim.purchase_id, found, by=by)

    async def adopt(
        self, organization_id: UUID, purchase_id: UUID, bought: OwnedNumber, *, by: Actor
    ) -> PhoneNumber | None:
        """Complete the purchase with the number ``bought`` at the carrier; return the stored number.

        When the purchase cannot be completed, release the number and return None: its name proves that this purchase
        bought it.
        """
        try:
            async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
                number = await NumberPurchaseService(session).complete(
                    organization_id, purchase_id, carrier_sid=bought.sid, by=by
                )
        except IntegrityError:
            log.warning("number_held_elsewhere", purchase=str(purchase_id))
            await self._fail(organization_id, purchase_id, _NOT_SOLD, by)
            number = None
        if number is None:
            # If this fails, the reconciliation releases the number: its name contains the id of a failed purchase.
            await release_unowned(self._carrier, bought.sid)
        return number

    async def _find_number_or_claim(self, organization_id: UUID, e164: str, by: Actor) -> NumberOrClaim | None:
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            return await NumberPurchaseService(session).find_number_or_claim(organization_id, e164)

    async def _claim_offered(
        self, organization_id: UUID, e164: str, queries: Sequence[NumberQuery], by: Actor
    ) -> tuple[NumberOrClaim, NumberDocuments]:
        """Claim the purchase, if the carrier's search finds the number; return the claim and the number's documents."""
        offered = await self._searcher.find_offer(e164, queries)
        if offered is None:
            # Another request of this organization may have just bought it.
            existing = await self._find_number_or_claim(organization_id, e164, by)
            if existing is None:
                raise NumberNotAvailable
            return existing, NumberDocuments()
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            documents = await AddressService(session).documents_for(organization_id, offered)
            return await NumberPurchaseService(session).claim(organization_id, e164, by=by), documents

    async def _buy_at_carrier(
        self, organization_id: UUID, claim: PurchaseClaim, documents: NumberDocuments, by: Actor
    ) -> PhoneNumber:
        name = rules.friendly_name(await self._read_deployment_name(), claim.purchase_id)
        try:
            bought = await self._carrier.buy_number(
                claim.e164,
                friendly_name=name,
                address_sid=documents.address_sid,
                bundle_sid=documents.bundle_sid,
                urls=self._urls,
            )
        except CarrierAccessRefused as error:
            refusal = number_refusal(error.code) if error.code in NUMBER_REFUSALS else Unavailable()
            raise await self._refuse(organization_id, claim, refusal, error, by) from error
        except NotDoneAtCarrier as error:
            log.warning("purchase_not_begun", purchase=str(claim.purchase_id), error=str(error))
            await self._fail(organization_id, claim.purchase_id, _NOT_RECEIVED, by)
            raise refusal_by_carrier(error) from error
        except CarrierUnavailable as error:
            log.warning("purchase_unanswered", purchase=str(claim.purchase_id), error=str(error))
            bought = await self._find_unanswered(claim)
        except CarrierError as error:
            raise await self._refuse(organization_id, claim, number_refusal(error.code), error, by) from error
        number = await self.adopt(organization_id, claim.purchase_id, bought, by=by)
        if number is None:
            raise NumberNotAvailable
        return number

    async def _refuse(
        self, organization_id: UUID, claim: PurchaseClaim, refusal: DomainError, error: CarrierError, by: Actor
    ) -> DomainError:
        """Store that the carrier refused to sell the number; return ``refusal``."""
        meaning = describe_refusal(error.code)
        log.warning("purchase_refused", purchase=str(claim.purchase_id), error=str(error), meaning=meaning)
        await self._fail(organization_id, claim.purchase_id, refusal.message, by, carrier_error=error.code)
        return refusal

    async def _find_unanswered(self, claim: PurchaseClaim) -> OwnedNumber:
        """The number of a purchase without a response, if the carrier lists it.

        Raises: PurchaseUnconfirmed, when it is not listed: the request may still reach the carrier.
        """
        try:
            found = await self._find_at_carrier(claim)
        except CarrierError as error:
            raise PurchaseUnconfirmed from error
        if found is None:
            raise PurchaseUnconfirmed
        return found

    async def _wait_for(self, organization_id: UUID, claim: PurchaseClaim, by: Actor) -> PhoneNumber:
        """Wait for the outcome of a purchase that another request makes."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _MAX_WAIT_SECONDS
        while loop.time() < until:
            async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
                service = NumberPurchaseService(session)
                purchase = await service.get(organization_id, claim.purchase_id)
                number = await service.get_bought_number(organization_id, claim.purchase_id)
            if number is not None:
                return number
            if purchase.state is PurchaseState.FAILED:
                raise CarrierNotAnswering if purchase.failure == _NOT_RECEIVED else NumberNotAvailable
            await asyncio.sleep(_POLL_SECONDS)
        raise PurchaseInProgress

    async def _resolve_abandoned(self, organization_id: UUID, claim: PurchaseClaim, by: Actor) -> PhoneNumber | None:
        try:
            return await self.resolve(organization_id, claim, by=by)
        except CarrierError as error:
            raise PurchaseUnconfirmed from error

    async def _find_at_carrier(self, claim: PurchaseClaim) -> OwnedNumber | None:
        for owned in await self._carrier.owned_numbers(e164=claim.e164):
            name = rules.parse_friendly_name(owned.friendly_name)
            # The carrier's filter also returns numbers that only contain this number.
            if owned.e164 == claim.e164 and name is not None and name.purchase_id == claim.purchase_id:
                return owned
        return None

    async def _read_deployment_name(self) -> str:
        async with self._database.sessions() as session:
            return (await DeploymentService(session).read()).name

    async def _fail(
        self, organization_id: UUID, purchase_id: UUID, reason: str, by: Actor, *, carrier_error: int | None = None
    ) -> None:
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            await NumberPurchaseService(session).fail(
                organization_id, purchase_id, reason, carrier_error=carrier_error, by=by
            )
