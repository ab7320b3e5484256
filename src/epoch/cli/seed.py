"""Seeds the demo: two organizations, two people, a staff member, a number, an embed token. Detects demo accounts."""

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from accounts.models import User
from accounts.passwords import Passwords
from accounts.services import UserService
from admin.models import Staff, StaffRole
from calls.limits.limit_names import DEFAULT_AMOUNTS, DEFAULT_COUNTS, NEW_ORGANIZATION_DAYS
from calls.limits.models import CallingRules
from carrier.port import Carrier
from demo.contacts import DEMO_NUMBER
from epoch.carrier_factory import build_carrier
from epoch.phone_number_jobs import incoming_urls
from kit import secrets
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database, set_tenant_context
from kit.environment import SettingsError
from kit.private_files import write_private
from kit.settings import Settings
from phone_numbers.rules import DEFAULT_LIMITS
from tenants.api_keys.services import ACTIVE_KEYS_LIMIT_NAME
from tenants.models import Organization, PhoneNumber
from tenants.plans import Plan
from tenants.services import OrganizationService
from widget.models import EmbedToken
from widget.services import EmbedTokenService

DEMO_PASSWORD = "demo-password"  # noqa: S105 - printed at every start; production refuses a database that holds the demo
DEMO_OWNER_EMAIL = "demo@example.com"
STARTER_OWNER_EMAIL = "starter@example.com"
DEMO_STAFF_EMAIL = "staff@example.com"
DEMO_SLUG = "acme"
STARTER_SLUG = "starter-co"
DEMO_COUNTRIES = ["AU", "CA", "DE", "FR", "GB", "US"]
TOKEN_LABEL = "Demo page"  # noqa: S105 - a label
DEMO_LIMITS = {
    **dict.fromkeys(("active_tokens", ACTIVE_KEYS_LIMIT_NAME, "invitations_per_day"), 1000),
    **dict.fromkeys(DEFAULT_LIMITS, 1000),
    **dict.fromkeys(DEFAULT_COUNTS, 1000),
    # A thousand calls at once, each as long as a call may be, must find minutes and money left.
    **dict.fromkeys(DEFAULT_AMOUNTS, 10_000_000),
    NEW_ORGANIZATION_DAYS: 0,
}
"""Limits of demo organizations: high enough for many trials at once."""


class SeedReport(msgspec.Struct, frozen=True):
    """The result of the seed."""

    created: bool
    """False when the database already held organizations."""
    accounts: tuple[str, ...]
    """E-mail addresses of the demo's people and staff that are in the database."""


async def seed_demo(settings: Settings) -> SeedReport:
    """Fill an empty database with the demo, and give its page an active token. Idempotent."""
    if settings.owner_url is None:
        raise ValueError("the seed needs a database")
    database = Database(settings.owner_url, role=ADMIN_ROLE)
    carrier = build_carrier(settings) if settings.sandbox_address is not None else None
    hashed = await Passwords().hash(DEMO_PASSWORD)
    try:
        async with database.sessions() as session, session.begin():
            # Two installations that start on one database must not both find it empty.
            await session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('epoch.seed'))"))
            empty = await session.scalar(sa.select(sa.func.count()).select_from(Organization)) == 0
            if empty:
                await _create(session, hashed)
            await _set_limits(session)
            acme = await session.scalar(sa.select(Organization).where(Organization.slug == DEMO_SLUG))
            await _ensure_staff(session, hashed)
            if acme is not None:
                await _enable_countries(session, acme)
                if carrier is not None:
                    await _ensure_number(session, settings, carrier, acme)
                await _ensure_token(session, settings, acme)
            accounts = await _demo_accounts(session)
        return SeedReport(created=empty, accounts=tuple(accounts))
    finally:
        if carrier is not None:
            await carrier.close()
        await database.stop()


def describe_demo(accounts: Collection[str], public_url: str) -> str:
    """Lines with the demo page and the log-ins of the demo ``accounts`` that exist; empty without accounts."""
    logins = (
        (DEMO_OWNER_EMAIL, "log in as", "(Acme Realty, plan pro)"),
        (STARTER_OWNER_EMAIL, "log in as", "(Starter Co, plan starter)"),
        (DEMO_STAFF_EMAIL, "staff", f"at {public_url}/admin"),
    )
    lines = [f"{label:<11} {email} / {DEMO_PASSWORD} {note}" for email, label, note in logins if email in accounts]
    if DEMO_OWNER_EMAIL in accounts:
        lines.insert(0, f"{'demo page':<11} {public_url}/demo")
    return "\n".join(f"  {line}" for line in lines)


async def ensure_no_demo(settings: Settings) -> None:
    """Refuse a database with demo accounts, whose password is public. Raises: SettingsError."""
    if settings.owner_url is None:
        return
    database = Database(settings.owner_url, role=ADMIN_ROLE)
    try:
        async with database.sessions() as session:
            found = await _demo_accounts(session)
    finally:
        await database.stop()
    if found:
        raise SettingsError(
            f"EPOCH_DATABASE_URL holds the demo account {found[0]}, whose password is public: use another database"
        )


async def _demo_accounts(session: AsyncSession) -> Sequence[str]:
    customers = sa.select(User.email).where(User.email.in_((DEMO_OWNER_EMAIL, STARTER_OWNER_EMAIL)))
    staff = sa.select(Staff.email).where(Staff.email == DEMO_STAFF_EMAIL)
    return (await session.scalars(customers.union_all(staff))).all()


async def _create(session: AsyncSession, password_hash: str) -> None:
    people, organizations = UserService(session), OrganizationService(session)
    for email, person, name, slug, plan in (
        (DEMO_OWNER_EMAIL, "Dana Demo", "Acme Realty", DEMO_SLUG, Plan.PRO),
        (STARTER_OWNER_EMAIL, "Sam Starter", "Starter Co", STARTER_SLUG, Plan.STARTER),
    ):
        user = await people.create_user(email=email, name=person, password_hash=password_hash, verified=True)
        organization = await organizations.create(name=name, slug=slug, country="US", owner_id=user.id, plan=plan)
        if slug == DEMO_SLUG:
            await organizations.add_phone_number(organization.id, DEMO_NUMBER, carrier_sid=None)
    # The transaction acted as each owner in turn. The actor of the audit events that follow is the product.
    await set_tenant_context(session, None)


async def _set_limits(session: AsyncSession) -> None:
    """Set the demo's limits that are missing, also in a database that an older version seeded."""
    seeded = sa.select(Organization).where(Organization.slug.in_((DEMO_SLUG, STARTER_SLUG)))
    for organization in (await session.scalars(seeded)).all():
        organization.limits = {**DEMO_LIMITS, **organization.limits}


async def _enable_countries(session: AsyncSession, acme: Organization) -> None:
    """Enable the countries of the demo page's contacts, unless somebody has chosen countries already."""
    values = {"id": uuid7(), "organization_id": acme.id, "countries": DEMO_COUNTRIES}
    await session.execute(insert(CallingRules).values(values).on_conflict_do_nothing())


async def _ensure_staff(session: AsyncSession, password_hash: str) -> None:
    """Add the demo's staff member, also to a demo that a version without back office seeded."""
    if await session.scalar(sa.select(Staff.id).limit(1)) is None:
        if await session.scalar(sa.select(User.id).where(User.email == DEMO_OWNER_EMAIL)) is None:
            return
        session.add(
            Staff(email=DEMO_STAFF_EMAIL, role=StaffRole.ADMIN, password_hash=password_hash, joined_at=utc_now())
        )


async def _ensure_number(session: AsyncSession, settings: Settings, carrier: Carrier, acme: Organization) -> None:
    """Buy the demo's number at the sandbox carrier if it does not have it, and set the number's callback URLs.

    The sandbox carrier's data may be newer than the database.
    """
    number = await session.scalar(
        sa.select(PhoneNumber).where(
            PhoneNumber.owned_by(acme.id), PhoneNumber.e164 == DEMO_NUMBER, PhoneNumber.released_at.is_(None)
        )
    )
    if number is not None:
        owned = await carrier.owned_numbers(e164=DEMO_NUMBER)
        bought = owned[0] if owned else await carrier.buy_number(DEMO_NUMBER, friendly_name="Acme Realty")
        number.carrier_sid = bought.sid
        await carrier.set_number_urls(bought.sid, incoming_urls(settings))


async def _ensure_token(session: AsyncSession, settings: Settings, acme: Organization) -> None:
    """Issue the demo page's token and store its raw text in the data folder.

    An active token whose raw text is still there stays. If the text was lost, the token is revoked and replaced.
    """
    tokens = EmbedTokenService(session)
    raw = read_demo_token(settings)
    if raw is not None:
        digest = secrets.digest(raw)
        active = EmbedToken.owned_by(acme.id), EmbedToken.digest == digest, EmbedToken.revoked_at.is_(None)
        if await session.scalar(sa.select(EmbedToken.id).where(*active)) is not None:
            return
    without_raw = EmbedToken.owned_by(acme.id), EmbedToken.label == TOKEN_LABEL, EmbedToken.revoked_at.is_(None)
    for token in (await session.scalars(sa.select(EmbedToken).where(*without_raw))).all():
        await tokens.revoke(acme.id, token.id, by=SYSTEM)
    _, raw = await tokens.issue(acme.id, label=TOKEN_LABEL, allowed_domains=["localhost"], by=SYSTEM)
    write_private(_token_file(settings), raw.encode())


def read_demo_token(settings: Settings) -> str | None:
    """The demo page's raw token; None when no demo was seeded with this data folder."""
    with contextlib.suppress(FileNotFoundError):
        return _token_file(settings).read_text().strip() or None
    return None


def _token_file(settings: Settings) -> Path:
    return settings.data_dir / "demo-token"
