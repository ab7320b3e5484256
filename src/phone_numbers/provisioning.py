"""``NumberProvisioning``: bundles the services that ask the carrier about phone numbers and postal addresses.

They search, price, buy, release and verify numbers, and register addresses.
"""

from datetime import timedelta
from typing import NamedTuple

from carrier.port import Carrier, NumberUrls
from kit.db.database import Database
from kit.http.app_key import AppKey
from phone_numbers.address_registrar import AddressRegistrar
from phone_numbers.prices import NumberPrices
from phone_numbers.purchases import PURCHASE_ABANDONED_AFTER, NumberPurchaser
from phone_numbers.releases import NumberReleaser
from phone_numbers.searches import NumberSearcher
from phone_numbers.services import NumberInUseCheck
from phone_numbers.verified_numbers.verifier import NumberVerifier, VerificationCheck


class NumberProvisioning(NamedTuple):
    """Searches for, prices, buys, releases and verifies numbers, and registers postal addresses. Made once at start.

    Its parts check no permission: the guards of the handlers do.
    """

    searcher: NumberSearcher
    purchaser: NumberPurchaser
    releaser: NumberReleaser
    addresses: AddressRegistrar
    prices: NumberPrices
    verifier: NumberVerifier

    @classmethod
    def create(
        cls,
        database: Database,
        carrier: Carrier,
        *,
        is_in_use: NumberInUseCheck,
        ensure_may_verify: VerificationCheck,
        abandoned_after: timedelta = PURCHASE_ABANDONED_AFTER,
        urls: NumberUrls | None = None,
        verification_url: str | None = None,
    ) -> "NumberProvisioning":
        return cls(
            NumberSearcher(database, carrier),
            NumberPurchaser(database, carrier, abandoned_after=abandoned_after, urls=urls),
            NumberReleaser(database, carrier, is_in_use=is_in_use),
            AddressRegistrar(database, carrier, abandoned_after=abandoned_after),
            NumberPrices(carrier),
            NumberVerifier(database, carrier, ensure_may_verify=ensure_may_verify, status_url=verification_url),
        )


NUMBER_PROVISIONING: AppKey[NumberProvisioning] = AppKey("number_provisioning")
