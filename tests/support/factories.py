"""Makes organizations, users, numbers and tokens through the product's services."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import httpx

from accounts.models import User
from accounts.services import UserService
from carrier.twilio import TwilioCarrier
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.csrf import HEADER as CSRF_HEADER
from kit.settings import Settings
from support.passwords import PASSWORD, PASSWORD_HASH
from tenants.models import Membership, Organization, Role
from tenants.plans import Plan
from tenants.services import OrganizationService
from widget.dashboard_phone import DashboardPhoneService
from widget.services import EmbedTokenService

_serial = itertools.count(1)


class Tenant(NamedTuple):
    """An organization with its owner."""

    organization: Organization
    owner: User
    number: str | None


class Token(NamedTuple):
    """An embed token and its raw text."""

    id: UUID
    raw: str


class Factory:
    """Makes and commits rows; each call makes new rows."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def user(self) -> User:
        async with self._database.sessions() as session, session.begin():
            return await UserService(session).create_user(
                email=f"person-{next(_serial)}@example.com",
                name="Pat Person",
                password_hash=PASSWORD_HASH,
                verified=True,
            )

    async def tenant(
        self,
        *,
        plan: Plan = Plan.PRO,
        country: str = "US",
        number: bool = True,
        name: str = "Acme Realty",
        age: dt.timedelta = dt.timedelta(days=30),
        limits: Mapping[str, int] | None = None,
    ) -> Tenant:
        """Make an organization with an owner and, unless ``number`` is false, a phone number.

        ``age`` is the time since its creation; by default the lower limits for new organizations no longer apply.
        ``limits`` override the default limits.
        """
        owner = await self.user()
        serial = next(_serial)
        async with self._database.sessions() as session, session.begin():
            service = OrganizationService(session)
            organization = await service.create(
                name=name, slug=f"tenant-{serial}", country=country, owner_id=owner.id, plan=plan
            )
            organization.created_at, organization.limits = utc_now() - age, dict(limits or {})
            e164 = f"+1415556{serial:04d}" if number else None
            if e164 is not None:
                await service.add_phone_number(organization.id, e164, carrier_sid=None)
        return Tenant(organization, owner, e164)

    async def member(self, organization: Organization, role: Role) -> User:
        user = await self.user()
        async with self._database.sessions() as session, session.begin():
            session.add(Membership(organization_id=organization.id, user_id=user.id, role=role))
        return user

    async def token(self, tenant: Tenant, *, allowed_domains: Sequence[str] = ()) -> Token:
        async with self._database.sessions() as session, session.begin():
            token, raw = await EmbedTokenService(session).issue(
                tenant.organization.id, label="Main Website", allowed_domains=list(allowed_domains), by=SYSTEM
            )
            return Token(token.id, raw)

    async def dashboard_phone(self, tenant: Tenant) -> Token:
        """The token of the dashboard's own phone."""
        async with self._database.sessions() as session, session.begin():
            phone = DashboardPhoneService(session, self._settings.secret_keys)
            await phone.ensure(tenant.organization.id, by=SYSTEM)
            found = await phone.find(tenant.organization.id)
        assert found is not None
        return Token(found[0].id, found[1])

    async def revoke(self, tenant: Tenant, token: Token) -> None:
        async with self._database.sessions() as session, session.begin():
            await EmbedTokenService(session).revoke(tenant.organization.id, token.id, by=SYSTEM)

    def signature(self, path: str, form: dict[str, str]) -> str:
        """The carrier's signature of a callback."""
        from twilio.request_validator import RequestValidator

        signature: str = RequestValidator(self._settings.twilio.auth_token).compute_signature(
            self._settings.public_url + path, form
        )
        return signature

    def carrier(self) -> TwilioCarrier:
        """The adapter for the sandbox carrier of the settings."""
        address = self._settings.sandbox_address
        return TwilioCarrier(self._settings.twilio, api_base=f"http://{address}", signaling=address)


async def sign_in(client: httpx.AsyncClient, user: User) -> httpx.AsyncClient:
    """Sign ``user`` in with ``client``; its later requests send the session cookie and the CSRF header."""
    await client.get("/api/session")
    client.headers[CSRF_HEADER] = client.cookies["csrftoken"]
    response = await client.post("/api/session", json={"email": user.email, "password": PASSWORD})
    assert response.status_code == 201, response.text
    return client
