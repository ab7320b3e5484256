"""Builds the back office, the staff's pages under ``/admin``, with the theme of the customers' pages."""

from collections.abc import Mapping

from accounts.account_services import AccountServices
from admin.back_office import BackOffice, build_back_office
from admin.theme import Theme
from carrier.port import Carrier
from dashboard.formats import FILTERS
from dashboard.pages import TEMPLATES, icon_svg, page_headers
from kit.db.database import Database
from kit.mail import Mailer
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from privacy.number_erasure_job import NumberErasureJob


def build_themed_back_office(
    settings: Settings,
    database: Database,
    staff_database: Database,
    accounts: AccountServices,
    mailer: Mailer,
    carrier: Carrier,
    number_provisioning: NumberProvisioning,
    number_erasure: NumberErasureJob,
    assets: Mapping[str, str],
) -> BackOffice:
    """Build the back office, with the templates and headers of the customers' pages."""
    theme = Theme(
        templates=TEMPLATES,
        filters=FILTERS,
        globals={"icon_svg": icon_svg},
        headers=page_headers(settings),
        assets=assets,
    )
    return build_back_office(
        settings,
        database,
        staff_database,
        accounts=accounts,
        mailer=mailer,
        carrier=carrier,
        number_provisioning=number_provisioning,
        number_erasure=number_erasure,
        theme=theme,
    )
