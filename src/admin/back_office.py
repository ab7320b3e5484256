"""``BackOffice``: settings, databases and services that the back office's pages use."""

from collections.abc import Sequence

import msgspec

from accounts.account_services import AccountServices
from admin.auth.staff_auth import StaffAuth
from admin.theme import Theme
from carrier.port import Carrier
from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.mail import Mailer
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from privacy.number_erasure_job import NumberErasureJob

_UPGRADE_APPROVERS_SQL = """
SELECT email FROM staff
WHERE role IN ('operator', 'admin') AND joined_at IS NOT NULL AND disabled_at IS NULL ORDER BY email
"""


class BackOffice(msgspec.Struct, frozen=True):
    """The settings, databases and services of one application's back office."""

    settings: Settings
    theme: Theme
    database: Database
    """Connects as the customers' role; actions change one organization at a time through it."""
    staff_database: Database
    """Connects as the staff's role, which reads all organizations without secrets and writes only staff's tables."""
    staff_auth: StaffAuth
    accounts: AccountServices
    mailer: Mailer
    carrier: Carrier
    number_provisioning: NumberProvisioning
    number_erasure: NumberErasureJob

    async def upgrade_approvers(self) -> Sequence[str]:
        """E-mail addresses of the staff who may answer an upgrade request."""
        return [row["email"] for row in await self.database.lookup_pool.fetch(_UPGRADE_APPROVERS_SQL)]

    async def stop(self) -> None:
        await self.staff_database.stop()


BACK_OFFICE: AppKey[BackOffice] = AppKey("back_office")


def build_back_office(
    settings: Settings,
    database: Database,
    staff_database: Database,
    *,
    accounts: AccountServices,
    mailer: Mailer,
    carrier: Carrier,
    number_provisioning: NumberProvisioning,
    number_erasure: NumberErasureJob,
    theme: Theme,
) -> BackOffice:
    """Make the back office of an application, without connecting to anything."""
    staff_auth = StaffAuth(staff_database, accounts, mailer)
    return BackOffice(
        settings=settings,
        theme=theme,
        database=database,
        staff_database=staff_database,
        staff_auth=staff_auth,
        accounts=accounts,
        mailer=mailer,
        carrier=carrier,
        number_provisioning=number_provisioning,
        number_erasure=number_erasure,
    )
