"""Opens the back office: only here it is known what it shares with the customers' pages."""

from collections.abc import Mapping

from accounts.account_services import AccountServices
from admin.back_office import BackOffice, build_back_office
from admin.theme import Look
from carrier.port import Carrier
from dashboard.formats import FILTERS
from dashboard.pages import TEMPLATES, icon_svg, page_headers
from kit.db.database import Database
from kit.mail import Mailer
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from privacy.number_erasure import NumberErasure


def open_back_office(
    settings: Settings,
    database: Database,
    reading: Database,
    accounts: AccountServices,
    mailer: Mailer,
    carrier: Carrier,
    number_desk: NumberProvisioning,
    number_erasure: NumberErasure,
    assets: Mapping[str, str],
) -> BackOffice:
    """The back office, in the look and behind the headers of the customers' pages."""
    look = Look(
        templates=TEMPLATES, filters=FILTERS, words={"drawn": icon_svg}, headers=page_headers(settings), assets=assets
    )
    return build_back_office(
        settings,
        database,
        reading,
        accounts=accounts,
        mailer=mailer,
        carrier=carrier,
        number_desk=number_desk,
        number_erasure=number_erasure,
        look=look,
    )
