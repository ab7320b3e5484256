"""Everything that is done about phone numbers at the carrier, in one place for those who ask for it."""

from datetime import timedelta
from typing import NamedTuple

from carrier.port import Carrier
from kit.db.database import Database
from kit.http.app_key import AppKey
from phone_numbers.purchases import SETTLE_AFTER, NumberPurchases
from phone_numbers.releases import NumberReleases
from phone_numbers.services import IsInUse


class NumberDesk(NamedTuple):
    """Buys and releases. Whoever may use it was decided before: by the guards, or by nobody for the sweep."""

    purchases: NumberPurchases
    releases: NumberReleases

    @classmethod
    def at(
        cls, database: Database, carrier: Carrier, *, is_in_use: IsInUse, settle_after: timedelta = SETTLE_AFTER
    ) -> "NumberDesk":
        return cls(
            NumberPurchases(database, carrier, settle_after=settle_after),
            NumberReleases(database, carrier, is_in_use=is_in_use),
        )


PHONE_NUMBERS: AppKey[NumberDesk] = AppKey("phone_numbers")
