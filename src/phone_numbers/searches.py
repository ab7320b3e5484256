"""Searches the carrier's numbers for sale, and limits the searches and purchase attempts of an organization.

No transaction is open while the carrier is asked.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from carrier.port import (
    AvailableNumber,
    Carrier,
    CarrierError,
    CarrierUnavailable,
    NotFoundAtCarrier,
    NumberQuery,
    NumberType,
)
from kit.actor import Actor
from kit.db.database import Database
from kit.db.rate_limit import hit_or_raise
from phone_numbers import rules
from phone_numbers.address_service import AddressService
from phone_numbers.carrier_refusals import NUMBER_REFUSALS, number_refusal
from phone_numbers.errors import CarrierNotAnswering, NumberNotAvailable, refusal_by_carrier
from phone_numbers.purchase_service import NumberPurchaseService

MAX_SEARCH_RESULTS = 20
_TYPES_SECONDS = 3600.0
log = structlog.get_logger("epoch.numbers")


class AttemptCounter:
    """Counts an organization's searches and attempts to buy, and refuses those over a limit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, organization_id: UUID, limit_name: str, by: Actor, *, factor: int, window: timedelta) -> None:
        """Count one attempt; ``factor`` times the limit ``limit_name`` may be made in ``window``. Raises: TooMany."""
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            limits = await NumberPurchaseService(session).get_limits(organization_id)
        limit = factor * rules.effective_limit(limits, limit_name)
        # In a separate transaction, so that the count stays when the request is refused afterwards.
        async with self._database.sessions() as session, session.begin():
            await hit_or_raise(session, f"{limit_name}:{organization_id}", limit=limit, window=window)


class NumberSearcher:
    """Searches for numbers and number types; caches the types of each country."""

    def __init__(self, database: Database, carrier: Carrier) -> None:
        self._database, self._carrier = database, carrier
        self._attempts = AttemptCounter(database)
        self._types: dict[str, tuple[float, frozenset[NumberType]]] = {}
        """The types of each country, with the time (monotonic) until which they are valid."""

    async def search(
        self, organization_id: UUID, query: NumberQuery, *, by: Actor, available_now: bool = False
    ) -> list[AvailableNumber]:
        """Numbers for sale that can make calls, best match first; empty for a country without numbers.

        With ``available_now`` only numbers that need no address, or an address that the organization has.

        Raises:
            TooMany: the organization searches too often.
            CarrierNotAnswering, Unavailable: the carrier does not answer, or refuses our credentials.
        """
        await self._attempts.count(organization_id, rules.SEARCHES_LIMIT, by, factor=1, window=timedelta(minutes=1))
        if available_now:
            registered = await self.registered_countries(organization_id, by=by)
            query = msgspec.structs.replace(
                query,
                without_local_address=query.country not in registered,
                without_foreign_address=not registered - {query.country},
            )
        return await self._search(query)

    async def registered_countries(self, organization_id: UUID, *, by: Actor) -> frozenset[str]:
        """The countries in which the organization has a registered address."""
        async with self._database.tenant_session(organization_id, by.user_id, actor=by) as session:
            return await AddressService(session).registered_countries(organization_id)

    async def number_types(self, country: str) -> frozenset[NumberType]:
        """The types of numbers that the carrier sells in ``country``; empty when it sells none there.

        Raises: CarrierBusy, CarrierNotAnswering, Unavailable.
        """
        known, now = self._types.get(country), time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        try:
            types = await self._carrier.number_types(country)
        except NotFoundAtCarrier:
            types = frozenset()
        except CarrierUnavailable as error:
            raise refusal_by_carrier(error) from error
        except CarrierError as error:
            raise CarrierNotAnswering from error
        self._types[country] = now + _TYPES_SECONDS, types
        return types

    def known_types(self, country: str) -> frozenset[NumberType]:
        """The cached types of ``country``, without a request to the carrier; empty when none are cached."""
        known = self._types.get(country.strip().upper())
        return frozenset() if known is None else known[1]

    async def find_offer(self, e164: str, queries: Sequence[NumberQuery]) -> AvailableNumber | None:
        """The offer of ``e164`` from the first of ``queries`` that finds it; else None. Raises: as ``search``."""
        for query in queries:
            if (
                offered := next((found for found in await self._search(query) if found.e164 == e164), None)
            ) is not None:
                return offered
        return None

    async def review(
        self, organization_id: UUID, e164: str, *, by: Actor, country: str = "", number_type: str = ""
    ) -> AvailableNumber:
        """The present offer of the number ``e164``, for the confirmation before a purchase. Counts as a search.

        ``country`` and ``number_type`` are those of the search that offered it; without them they are guessed.

        Raises:
            ValidationFailed: not a number that can be for sale.
            NumberNotAvailable: it is not for sale any more.
            TooMany, CarrierNotAnswering, Unavailable: as ``search``.
        """
        queries = rules.exact_queries(e164, country, number_type)
        await self._attempts.count(organization_id, rules.SEARCHES_LIMIT, by, factor=1, window=timedelta(minutes=1))
        offered = await self.find_offer(e164, queries)
        if offered is None:
            raise NumberNotAvailable
        return offered

    async def _search(self, query: NumberQuery) -> list[AvailableNumber]:
        try:
            found = await self._carrier.search_numbers(query, limit=MAX_SEARCH_RESULTS)
        except CarrierUnavailable as error:
            # An empty list would tell the customer that the country has no numbers.
            raise refusal_by_carrier(error) from error
        except NotFoundAtCarrier:
            return []
        except CarrierError as error:
            if error.code in NUMBER_REFUSALS:
                raise number_refusal(error.code) from error
            # The carrier sells numbers in the country, but refuses the area code or the digits.
            log.info("number_search_refused", country=query.country, error=str(error))
            return []
        return [number for number in found if rules.matches_beginning(query, number.e164)]
