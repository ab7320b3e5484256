"""Monthly prices of phone numbers from the carrier, cached for an hour."""

import asyncio
import time
from collections.abc import Mapping

import structlog

from carrier.port import Carrier, CarrierError, NotFoundAtCarrier, NumberType, Price

_CACHE_SECONDS = 3600.0
_FAILURE_CACHE_SECONDS = 300.0
"""The time without a new request after a failure, so that pages do not wait for each attempt."""
_WAIT_SECONDS = 3.0
"""The longest wait of a search for prices; after it they count as unknown."""
log = structlog.get_logger("epoch.numbers")


class NumberPrices:
    """Prices of a number per month, by country and type."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._cache: dict[str, tuple[float, Mapping[NumberType, Price]]] = {}
        """The prices of each country, with the time (monotonic) until which they are valid."""

    async def of_country(self, country: str) -> Mapping[NumberType, Price]:
        """The prices in ``country`` by type; a type whose price is not known is left out. Raises nothing."""
        cached, now = self._cache.get(country), time.monotonic()
        if cached is not None and now < cached[0]:
            return cached[1]
        prices: Mapping[NumberType, Price] = {}
        seconds = _FAILURE_CACHE_SECONDS
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                prices = await self._carrier.number_prices(country)
            seconds = _CACHE_SECONDS
        except NotFoundAtCarrier:
            log.info("number_prices_unknown", country=country)
        except (CarrierError, TimeoutError) as error:
            log.warning("number_prices_not_read", country=country, error=str(error) or type(error).__name__)
        self._cache[country] = now + seconds, prices
        return prices
