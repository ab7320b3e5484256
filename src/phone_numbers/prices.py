"""Monthly prices of numbers, as the carrier names them, kept for an hour."""

import asyncio
import time
from collections.abc import Mapping

import structlog

from carrier.port import Carrier, CarrierError, NotFoundAtCarrier, NumberType, Price

_KNOWN_SECONDS = 3600.0
_UNKNOWN_SECONDS = 300.0
"""After a failure: pages do not wait for it again, and it is too rare to open the carrier's circuit breaker."""
_WAIT_SECONDS = 3.0
"""A search does not wait longer for prices: it says that they are not known."""
log = structlog.get_logger("epoch.numbers")


class NumberPrices:
    """Prices of one number per month."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._kept: dict[str, tuple[float, Mapping[NumberType, Price]]] = {}
        """The prices of each country, with the time (monotonic) until which they need not be asked for again."""

    async def of_country(self, country: str) -> Mapping[NumberType, Price]:
        """The prices in ``country`` by type; a type whose price is not known is left out. Raises nothing."""
        kept, now = self._kept.get(country), time.monotonic()
        if kept is not None and now < kept[0]:
            return kept[1]
        prices: Mapping[NumberType, Price] = {}
        seconds = _UNKNOWN_SECONDS
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                prices = await self._carrier.number_prices(country)
            seconds = _KNOWN_SECONDS
        except NotFoundAtCarrier:
            log.info("number_prices_unknown", country=country)
        except (CarrierError, TimeoutError) as error:
            log.warning("number_prices_not_read", country=country, error=str(error) or type(error).__name__)
        self._kept[country] = now + seconds, prices
        return prices
