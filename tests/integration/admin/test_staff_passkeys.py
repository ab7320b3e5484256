"""Passkeys of staff: the required second factor, a sign-in alone, and never the last factor removed."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from accounts.errors import LastSecondFactor
from accounts.totp import TotpSecrets
from admin.models import Staff, StaffPasskey, StaffRole
from admin.services import StaffService
from conftest import NewClient
from kit.actor import SYSTEM
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.settings import Settings
from support.mailbox import Mailbox, text_of
from support.passwords import PASSWORD
from support.software_authenticator import SoftwareAuthenticator
from support.staff import make_staff, post, sign_in_to_back_office

pytestmark = pytest.mark.anyio
ACCOUNT = "/admin/account/passkeys"


async def get_options(client: httpx.AsyncClient, path: str, **fields: str) -> dict[str, Any]:
    """The options that the page's script gets."""
    answer = await post(client, path, **fields)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def enter_with_passkey(client: httpx.AsyncClient, staff: Staff) -> SoftwareAuthenticator:
    """Sign in for the first time with a passkey as the second factor."""
    await post(client, "/admin/login", email=staff.email, password=PASSWORD, next="/admin")
    authenticator, first = SoftwareAuthenticator(), "/admin/second-step/passkey"
    assert "Add passkey" in (await client.get("/admin/second-step")).text
    credential = authenticator.create(await get_options(client, f"{first}/options"))
    added = await post(client, first, name="Laptop", credential=credential, next="/admin/account")
    assert added.headers["location"] == "/admin/account", added.text
    return authenticator


async def use(client: httpx.AsyncClient, authenticator: SoftwareAuthenticator) -> httpx.Response:
    """Press `Sign in with a passkey`."""
    options = await get_options(client, "/admin/login/passkey/options")
    return await post(client, "/admin/login/passkey", credential=authenticator.sign(options), next="/admin/account")


async def test_a_passkey_is_the_required_second_factor(
    client: httpx.AsyncClient, new_client: NewClient, database: Database, settings: Settings
) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    authenticator = await enter_with_passkey(client, staff)
    page = await client.get("/admin/account")
    assert page.status_code == 200
    assert "Laptop" in page.text
    assert "was added" in text_of((await Mailbox(settings, staff.email).all())[0])
    alone, second = new_client(), new_client()
    assert (await use(alone, authenticator)).headers["location"] == "/admin/account"
    assert (await alone.get("/admin/account")).status_code == 200
    await post(second, "/admin/login", email=staff.email, password=PASSWORD, next="/admin")
    assert (await second.get("/admin/account")).status_code == 303, "the password alone signs nobody in"
    step = (await second.get("/admin/second-step")).text
    assert "Sign in with a passkey" in step
    assert "Add passkey" not in step, "nobody adds a factor with the password alone, once there is one"
    refused = await post(second, "/admin/second-step/passkey/options")
    assert refused.status_code == 409
    assert (await use(second, authenticator)).status_code == 303
    assert (await second.get("/admin/account")).status_code == 200
    async with database.sessions() as session:
        events = sa.select(AuditEvent.action).where(AuditEvent.actor_id == staff.id)
        assert {"passkey.added", "session.started"} <= set((await session.scalars(events)).all())


async def test_the_last_factor_is_not_removed(client: httpx.AsyncClient, database: Database) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    authenticator = await enter_with_passkey(client, staff)
    async with database.sessions() as session:
        first = await session.scalar(sa.select(StaffPasskey.id).where(StaffPasskey.user_id == staff.id))
    options = await get_options(client, f"{ACCOUNT}/removal-options")
    proof = {"password": PASSWORD, "credential": authenticator.sign(options)}
    refused = await post(client, f"{ACCOUNT}/{first}/remove", **proof)
    assert (refused.status_code, LastSecondFactor.message in refused.text) == (409, True)
    other = SoftwareAuthenticator()
    options = await get_options(client, f"{ACCOUNT}/options", password=PASSWORD)
    await post(client, ACCOUNT, name="Key", credential=other.create(options))
    options = await get_options(client, f"{ACCOUNT}/removal-options")
    proof = {"password": PASSWORD, "credential": other.sign(options)}
    assert (await post(client, f"{ACCOUNT}/{first}/remove", **proof)).status_code == 303
    assert (await use(client, authenticator)).status_code == 401


async def test_a_reset_removes_passkeys_too(
    client: httpx.AsyncClient, new_client: NewClient, database: Database, settings: Settings
) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    authenticator = await enter_with_passkey(client, staff)
    async with database.sessions() as session, session.begin():
        await StaffService(session).reset_second_factor(staff.id, TotpSecrets(settings.secret_keys), by=SYSTEM)
    assert (await client.get("/admin/account")).status_code == 303
    visitor = new_client()
    assert (await use(visitor, authenticator)).status_code == 401
    await post(visitor, "/admin/login", email=staff.email, password=PASSWORD, next="/admin")
    assert "Or type this key" in (await visitor.get("/admin/second-step")).text


async def test_customers_passkeys_do_not_enter_the_back_office(
    client: httpx.AsyncClient, new_client: NewClient, database: Database
) -> None:
    colleague = await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))
    authenticator = SoftwareAuthenticator()
    options = await get_options(colleague.client, f"{ACCOUNT}/options", password=PASSWORD)
    added = await post(colleague.client, ACCOUNT, name="Key", credential=authenticator.create(options))
    assert added.headers["location"] == "/admin/account"
    visitor = new_client()
    page = (await visitor.get("/login")).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    asked = await visitor.post("/login/passkey/options", data={"csrf_token": token})
    form = {"csrf_token": token, "credential": authenticator.sign(asked.json())}
    assert (await visitor.post("/login/passkey", data=form)).status_code == 401
