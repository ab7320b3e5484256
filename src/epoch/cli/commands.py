"""Runs the commands that need the database or the carrier; ``main.py`` parses their arguments and prints results."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.passwords import Passwords
from accounts.rules import parse_email
from admin.models import StaffRole
from admin.services import InvitedStaff, StaffService
from calls.limits.pause import CallingPauseService
from calls.limits.platform_exposure import PlatformExposureService
from calls.reconciliation.daily import DailyReconciler
from calls.reconciliation.models import ReconciledDay
from carrier.port import Carrier
from epoch.carrier_factory import build_account_admin, build_carrier
from epoch.cli.carrier_expectations import CarrierNeeds
from epoch.cli.carrier_setup import CarrierSetup, SetupOptions, Step
from epoch.cli.carrier_verify import CarrierVerification
from epoch.cli.check_results import CheckResult
from epoch.partitions import find_partition_faults
from epoch.phone_number_jobs import build_number_reconciler, incoming_urls
from epoch.server.sandbox_process import running_sandbox, save_sandbox_address
from epoch.stored_secrets import StoredSecrets, StoredSecretService
from kit.actor import SYSTEM
from kit.db.database import ADMIN_ROLE, PATIENT_CONNECT_SECONDS, Database
from kit.deployment import Deployment, DeploymentService, installation_url
from kit.e164 import parse_dialled
from kit.environment import SettingsError
from kit.errors import DomainError, Invalid, ValidationFailed
from kit.settings import Settings
from phone_numbers.reconciliation import ReconciliationReport
from phone_numbers.services import PhoneNumberService
from privacy.audit_erasure import erase_person
from tenants.audit_log.saved_ends import SavedEnds
from tenants.audit_log.verification import AuditVerification, AuditVerifier
from tenants.plans import Plan
from tenants.services import OrganizationService

_UNDEFINED_TABLE = "42P01"


async def set_plan(settings: Settings, slug: str, plan: str) -> None:
    """Change an organization's plan.

    Raises:
        SettingsError: ``EPOCH_DATABASE_URL`` is not set.
        NotFound: there is no such organization.
    """
    async with _session_of_all_organizations(settings) as session:
        await OrganizationService(session).set_plan(slug, Plan(plan))


def _open_database(url: str, settings: Settings) -> Database:
    """The database with a role that sees every organization."""
    return Database(
        url,
        role=ADMIN_ROLE,
        connect_seconds=PATIENT_CONNECT_SECONDS,
        installation_url=installation_url(settings),
    )


@asynccontextmanager
async def _database_of_all_organizations(settings: Settings) -> AsyncIterator[Database]:
    """The database with a role that sees every organization. Raises: SettingsError."""
    if settings.owner_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    database = _open_database(settings.owner_url, settings)
    try:
        yield database
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
            raise SettingsError("the database has no schema yet: run `epoch migrate` first") from error
        raise
    finally:
        await database.stop()


@asynccontextmanager
async def _session_of_all_organizations(settings: Settings) -> AsyncIterator[AsyncSession]:
    """A transaction that sees every organization. Raises: SettingsError."""
    async with _database_of_all_organizations(settings) as database, database.sessions() as session, session.begin():
        yield session


async def pause_calls(settings: Settings, reason: str, *, end_live: bool) -> bool:
    """Stop new calls of all organizations; return False when they are already stopped. Raises: SettingsError."""
    async with _session_of_all_organizations(settings) as session:
        return await CallingPauseService(session).pause(reason=reason, by=SYSTEM, end_live=end_live)


async def resume_calls(settings: Settings) -> bool:
    """Allow new calls again; return False when they were not stopped. Raises: SettingsError."""
    async with _session_of_all_organizations(settings) as session:
        return await CallingPauseService(session).resume(by=SYSTEM)


async def add_staff(settings: Settings, email: str, role: str | None) -> tuple[InvitedStaff, str]:
    """Make a staff account, or a new link for one; return it with its link. Raises: SettingsError, ValidationFailed."""
    staff_role, password_hash = None if role is None else StaffRole(role), await Passwords().hash_random_password()
    async with _session_of_all_organizations(settings) as session:
        invited = await StaffService(session).add(email, staff_role, unknown_password_hash=password_hash, by=SYSTEM)
    return invited, f"{settings.public_url}/admin/join/{invited.link_token}"


async def verify_audit_log(
    settings: Settings, *, all_ends: bool, saved_ends: SavedEnds | None = None
) -> AuditVerification:
    """Verify the chains of the audit log, also against ends that an earlier run printed. Raises: SettingsError."""
    if settings.database_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    database = Database(settings.database_url, role=ADMIN_ROLE, connect_seconds=PATIENT_CONNECT_SECONDS)
    try:
        return await AuditVerifier(database).verify(all_ends=all_ends, saved_ends=saved_ends)
    finally:
        await database.stop()


async def erase_person_from_audit_log(settings: Settings, email: str) -> int:
    """Erase an e-mail address from the audit log; return how many events changed. Raises: SettingsError, Invalid."""
    try:
        parsed_email = parse_email(email)
    except ValidationFailed as error:
        raise Invalid("Give the whole e-mail address of one person") from error
    if settings.owner_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    database = _open_database(settings.owner_url, settings)
    try:
        return await erase_person(database, parsed_email)
    finally:
        await database.stop()


async def setup_carrier(settings: Settings, options: SetupOptions | None = None) -> list[Step]:
    """Set up the carrier's account; return what was done, or with ``is_check`` what would be done.

    Raises:
        SettingsError: the sandbox carrier does not run.
        CarrierError: the carrier refused the request or did not respond.
    """
    if settings.is_sandbox and settings.sandbox_address is None:
        raise SettingsError("EPOCH_CARRIER is sandbox: `epoch run` starts the sandbox carrier and sets it up by itself")
    needs, admin = await read_carrier_needs(settings), build_account_admin(settings)
    try:
        steps = await CarrierSetup(admin, settings, needs, options or SetupOptions()).run()
    finally:
        await admin.close()
    save_sandbox_address(settings)
    return steps


async def verify_carrier(settings: Settings, *, call: str | None) -> list[CheckResult]:
    """Check the account, and call a number when one is given.

    Raises:
        SettingsError: the number is not in E.164, or the database cannot be read.
        ChildExited: the sandbox carrier could not be started.
    """
    number = None if call is None else _called_number(call)
    needs = await read_carrier_needs(settings)
    async with running_sandbox(settings) as sandbox_settings:
        by_key = build_account_admin(sandbox_settings)
        by_token = build_account_admin(sandbox_settings, with_auth_token=True)
        try:
            verification = CarrierVerification(
                sandbox_settings, by_key=by_key, by_token=by_token, number_sids=needs.number_sids
            )
            return await verification.run(call=number)
        finally:
            await by_key.close()
            await by_token.close()


def _called_number(text: str) -> str:
    """The number to call, E.164. Raises: SettingsError."""
    try:
        if text.startswith("+"):
            # A number with a country code is read alike for every country.
            return parse_dialled(text, "US")
    except DomainError as error:
        raise SettingsError(f"--call: {error.message}") from error
    raise SettingsError("--call needs a number with + and the country code, like +14155550100")


async def read_carrier_needs(settings: Settings) -> CarrierNeeds:
    """Read the facts with which the account at the carrier is compared. Raises: SettingsError."""
    async with _session_of_all_organizations(settings) as session:
        return CarrierNeeds(
            deployment=await DeploymentService(session).read(),
            exposure=await PlatformExposureService(session).read(),
            number_sids=await PhoneNumberService(session).list_all_carrier_sids(),
        )


async def reconcile_numbers(settings: Settings) -> ReconciliationReport:
    """Reconcile the organizations' numbers with the carrier's.

    Raises:
        SettingsError: ``EPOCH_DATABASE_URL`` is not set.
        CarrierError: the carrier refused the request or did not respond.
        ChildExited: the sandbox carrier could not be started.
    """
    async with _database_and_carrier(settings) as (database, carrier):
        return await build_number_reconciler(database, carrier, urls=incoming_urls(settings)).compare()


async def read_partition_faults(settings: Settings) -> list[str]:
    """A sentence about each fault of the monthly partitions. Raises: SettingsError."""
    async with _database_of_all_organizations(settings) as database:
        return await find_partition_faults(database)


async def read_deployment(settings: Settings) -> Deployment:
    """This database's deployment. Raises: SettingsError."""
    async with _session_of_all_organizations(settings) as session:
        return await DeploymentService(session).read()


async def confirm_moved_deployment(settings: Settings) -> Deployment:
    """Let this copy of a database take over the original's name and numbers. Raises: SettingsError."""
    async with _session_of_all_organizations(settings) as session:
        return await DeploymentService(session).confirm_move()


async def separate_copied_deployment(settings: Settings) -> Deployment:
    """Give this copy of a database another name; the original keeps its numbers. Raises: SettingsError."""
    async with _session_of_all_organizations(settings) as session:
        return await DeploymentService(session).become_separate()


async def count_stored_secrets(settings: Settings) -> StoredSecrets:
    """Count what is encrypted with another secret than EPOCH_SECRET_KEY. Raises: SettingsError."""
    async with _database_of_all_organizations(settings) as database:
        return await StoredSecretService(database, settings.secret_keys).count()


async def renew_stored_secrets(settings: Settings) -> tuple[StoredSecrets, StoredSecrets]:
    """Encrypt everything with EPOCH_SECRET_KEY; return the counts before and after. Raises: SettingsError."""
    async with _database_of_all_organizations(settings) as database:
        stored = StoredSecretService(database, settings.secret_keys)
        return await stored.renew(), await stored.count()


async def compare_calls(settings: Settings, day: date | None) -> list[ReconciledDay]:
    """Compare the calls of ``day``, or of each day that is due, with the carrier's.

    Raises: as ``reconcile_numbers``.
    """
    async with _database_and_carrier(settings) as (database, carrier):
        reconciler = DailyReconciler(database, carrier)
        return await reconciler.run() if day is None else [await reconciler.reconcile(day)]


@asynccontextmanager
async def _database_and_carrier(settings: Settings) -> AsyncIterator[tuple[Database, Carrier]]:
    """The database with a role that sees all organizations, and the carrier. Raises: SettingsError, ChildExited."""
    if settings.owner_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    async with running_sandbox(settings) as sandbox_settings:
        database, carrier = (
            _open_database(settings.owner_url, settings),
            build_carrier(sandbox_settings),
        )
        try:
            yield database, carrier
        finally:
            await carrier.close()
            await database.stop()
