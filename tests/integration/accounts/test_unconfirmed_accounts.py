"""A sign-up with another person's e-mail address: its owner takes the account over, and the squatter loses it."""

from collections.abc import Callable

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from accounts.models import Passkey, User
from accounts.totp import TotpSecrets
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox
from support.passwords import PASSWORD as OWN_PASSWORD

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]
ATTACKERS = "a lamp on seven boats"
OWNERS = "a kettle in the fog"


async def squat(client: httpx.AsyncClient, email: str) -> None:
    """Sign up with a stranger's address and sign in without confirming it."""
    await submit(client, "/signup", email=email, password=ATTACKERS, name="Not The Owner")
    assert (await submit(client, "/login", email=email, password=ATTACKERS)).status_code == 303


async def plant(database: Database, settings: Settings, email: str) -> None:
    """Give the account what earlier versions let an unconfirmed one have: an authenticator app and a passkey."""
    totp = TotpSecrets(settings.secret_keys)
    async with database.sessions() as session, session.begin():
        user = (await session.scalars(sa.select(User).where(User.email == email))).one()
        user.totp_secret, user.totp_enabled_at = totp.encrypt(user.id, pyotp.random_base32()), utc_now()
        user.has_passkey = True
        passkey = Passkey(user_id=user.id, credential_id=user.id.bytes, public_key=b"", sign_count=0, name="x")
        passkey.transports = []
        session.add(passkey)


async def api_status(client: httpx.AsyncClient, email: str, password: str) -> int:
    await client.get("/api/session")
    headers = {HEADER: client.cookies["csrftoken"]}
    answer = await client.post("/api/session", json={"email": email, "password": password}, headers=headers)
    return answer.status_code


async def test_nothing_durable_before_the_address_is_confirmed(client: httpx.AsyncClient) -> None:
    await squat(client, "unconfirmed@example.com")
    for path in ("/account/second-factor", "/account/passkeys/options"):
        answer = await submit(client, path, "/account", password=ATTACKERS)
        assert answer.status_code == 403, path
        assert "Confirm your e-mail address first" in answer.text
    created = await submit(client, "/dashboard/new", "/account", name="Mine", country="US")
    assert "Confirm your e-mail address first" in created.text


@pytest.mark.parametrize("way", ["reset", "confirmation"])
async def test_the_owner_of_the_address_gets_in_and_the_other_is_out(
    client: httpx.AsyncClient, new_client: NewClient, settings: Settings, database: Database, way: str
) -> None:
    email, owner, box = f"owner-{way}@example.com", new_client(), Mailbox(settings, f"owner-{way}@example.com")
    await squat(client, email)
    await plant(database, settings, email)
    if way == "reset":
        await submit(owner, "/forgot-password", email=email)
        link = await box.link(2)
    else:
        confirmed = await submit(owner, await box.link())
        link = confirmed.headers["location"]
        assert link.startswith("/reset-password/"), "the reader of the mail chooses a password of their own"
    assert (await client.get("/api/session")).status_code == (200 if way == "reset" else 401)
    assert (await submit(owner, link, password=OWNERS)).status_code == 303
    assert (await client.get("/api/session")).status_code == 401
    assert await api_status(owner, email, OWNERS) == 201, "neither a second factor nor a passkey is asked for"
    assert await api_status(new_client(), email, ATTACKERS) == 401
    async with database.sessions() as session:
        user = (await session.scalars(sa.select(User).where(User.email == email))).one()
        assert (await session.scalars(sa.select(Passkey).where(Passkey.user_id == user.id))).all() == []
    assert (user.totp_secret, user.has_passkey) == (None, False)
    assert user.email_verified_at is not None


async def test_no_address_of_the_others_choice_is_mailed_to_the_owner(
    client: httpx.AsyncClient, new_client: NewClient, settings: Settings
) -> None:
    email, chosen = "mailed-owner@example.com", "your.account.is.blocked-see-mail@example.com"
    await squat(client, email)
    assert (await submit(client, "/account/email", "/account", email=chosen, password=ATTACKERS)).status_code == 303
    assert (await submit(client, await Mailbox(settings, chosen).link())).status_code == 303
    assert [mail["Subject"] for mail in await Mailbox(settings, chosen).all(2)][1] == "Your e-mail address was changed"

    await submit(new_client(), "/signup", email=email, password=OWNERS, name="The Owner")
    to_owner = await Mailbox(settings, email).all(2)
    assert [mail["Subject"] for mail in to_owner] == ["Confirm your e-mail address"] * 2


async def test_all_stays_in_the_browser_that_signed_up(client: httpx.AsyncClient, settings: Settings) -> None:
    await submit(client, "/signup", email="same-browser@example.com", password=ATTACKERS, name="Sam Same")
    assert (await submit(client, await Mailbox(settings, "same-browser@example.com").link())).status_code == 303
    signed_in = (await client.get("/api/session")).json()["user"]
    assert (signed_in["email"], signed_in["name"]) == ("same-browser@example.com", "Sam Same")
    assert await api_status(client, "same-browser@example.com", ATTACKERS) == 201


async def test_an_unconfirmed_account_does_not_keep_an_address_from_its_owner(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    email, squatter = "wanted@example.com", new_client()
    await squat(squatter, email)
    await sign_in(client, await make.user())
    await submit(client, "/account/email", "/account", email=email, password=OWN_PASSWORD)
    assert (await submit(client, await Mailbox(settings, email).link(2))).status_code == 303
    assert (await client.get("/api/session")).json()["user"]["email"] == email
    assert (await squatter.get("/api/session")).status_code == 401
