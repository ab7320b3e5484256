"""What the command line does to a database and a carrier that are there."""

from epoch.wiring import build_carrier
from kit.db import ADMIN_ROLE, Database
from kit.settings import Settings, SettingsError
from tenants.plans import Plan
from tenants.services import OrganizationService


async def set_plan(settings: Settings, slug: str, plan: str) -> None:
    """Change an organization's plan.

    Raises:
        SettingsError: there is no database to use.
        NotFound: there is no such organization.
    """
    if settings.database_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    database = Database(settings.database_url, role=ADMIN_ROLE)
    try:
        async with database.sessions() as session, session.begin():
            await OrganizationService(session).set_plan(slug, Plan(plan))
    finally:
        await database.stop()


async def setup_carrier(settings: Settings) -> None:
    """Point the carrier's application at this product's webhooks.

    Raises:
        SettingsError: the sandbox carrier is asked for, and none runs.
        CarrierError: the carrier refused or did not answer.
    """
    if settings.is_sandbox and settings.sandbox_address is None:
        raise SettingsError("EPOCH_CARRIER is sandbox: `epoch run` starts the sandbox carrier and sets it up by itself")
    carrier = build_carrier(settings)
    try:
        await carrier.configure_application(
            voice_url=f"{settings.public_url}/voice/outgoing",
            status_url=f"{settings.public_url}/voice/status",
        )
    finally:
        await carrier.close()
