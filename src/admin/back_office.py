"""What the back office is put together from."""

from collections.abc import Sequence

import msgspec

from accounts.account_services import AccountServices
from admin.auth.staff_auth import StaffDoor
from admin.theme import Look
from carrier.port import Carrier
from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.mail import Mailer
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from privacy.number_erasure import NumberErasure

"""Staff are few; what one of them does holds one connection and uses another."""
_ANSWERERS = """
SELECT email FROM staff
WHERE role IN ('operator', 'admin') AND joined_at IS NOT NULL AND disabled_at IS NULL ORDER BY email
"""


class BackOffice(msgspec.Struct, frozen=True):
    """One per application."""

    settings: Settings
    look: Look
    database: Database
    """The requests' own: changes run through it, one organization at a time, as customers' do."""
    reading: Database
    """As the staff's role: reads every organization without its secrets, writes only what belongs to staff."""
    door: StaffDoor
    accounts: AccountServices
    mailer: Mailer
    carrier: Carrier
    number_desk: NumberProvisioning
    number_erasure: NumberErasure

    async def answerers(self) -> Sequence[str]:
        """The addresses of those who may answer an upgrade request."""
        return [row["email"] for row in await self.database.lookup_pool.fetch(_ANSWERERS)]

    async def stop(self) -> None:
        await self.reading.stop()


BACK_OFFICE: AppKey[BackOffice] = AppKey("back_office")


def build_back_office(
    settings: Settings,
    database: Database,
    reading: Database,
    *,
    accounts: AccountServices,
    mailer: Mailer,
    carrier: Carrier,
    number_desk: NumberProvisioning,
    number_erasure: NumberErasure,
    look: Look,
) -> BackOffice:
    """The back office of an application; nothing is connected or loaded yet."""
    door = StaffDoor(reading, accounts)
    return BackOffice(settings, look, database, reading, door, accounts, mailer, carrier, number_desk, number_erasure)
