"""Two-step sign-in of customers by an authenticator app: enrolment, one-time and recovery codes, switching it off."""

import asyncio
from collections.abc import Callable

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from accounts.errors import WrongCode
from accounts.models import RecoveryCode, User
from accounts.second_factor import SecondFactorService
from accounts.totp import TOTP_STEP_SECONDS, TotpSecrets
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox
from support.page_session import errors_of
from support.passwords import PASSWORD
from support.second_factor import enrol

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]


async def _api(client: httpx.AsyncClient, **credentials: str) -> httpx.Response:
    await client.get("/api/session")
    headers = {HEADER: client.cookies["csrftoken"]}
    return await client.post("/api/session", json={"password": PASSWORD, **credentials}, headers=headers)


async def test_enrolling_renews_the_session_ends_the_others_and_shows_the_codes_once(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    other = await sign_in(new_client(), user)
    await sign_in(client, user)
    before = client.cookies["sid"]
    enrolled = await enrol(client, user)
    assert client.cookies["sid"] != before
    assert (await other.get("/api/session")).status_code == 401
    assert (await client.get("/account/recovery-codes")).headers["location"] == "/account", "shown once"
    assert (await client.get("/account/second-factor")).headers["location"] == "/account"
    mail = (await Mailbox(settings, user.email).all())[0]
    assert "switched on" in mail["Subject"]
    async with database.sessions() as session:
        encrypted = await session.scalar(sa.select(User.totp_secret).where(User.id == user.id))
        digests = (await session.scalars(sa.select(RecoveryCode.digest).where(RecoveryCode.user_id == user.id))).all()
    assert encrypted is not None
    assert enrolled.code().encode() not in encrypted
    assert not any(code.replace("-", "").encode() in digest for code in enrolled.codes for digest in digests)


async def test_the_api_asks_for_a_code_and_takes_each_once(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    email = enrolled.user.email
    response = await _api(new_client(), email=email)
    assert (response.status_code, response.json()["code"]) == (401, "second_factor_required")
    assert "sid" not in response.cookies
    used = await _api(new_client(), email=email, code=enrolled.used_code)
    assert (used.status_code, used.json()["code"]) == (401, "wrong_code")
    code = enrolled.code()
    assert (await _api(new_client(), email=email, code=code)).status_code == 201
    again = await _api(new_client(), email=email, code=code)
    assert (again.status_code, again.json()["code"]) == (401, "wrong_code")
    assert (await _api(new_client(), email=email, code=enrolled.code(3))).status_code == 401


async def test_the_page_asks_for_the_code_in_a_second_step(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    visitor = new_client()
    first = await submit(visitor, "/login", email=enrolled.user.email, password=PASSWORD, next="/account")
    assert first.headers["location"] == "/login?next=/account"
    awaiting = visitor.cookies["sid"]
    assert (await visitor.get("/api/session")).status_code == 401, "the password alone signs nobody in"
    assert (await visitor.get("/account")).status_code == 303
    wrong = await submit(visitor, "/login/code", first.headers["location"], code="000000", next="/account")
    assert wrong.status_code == 401
    assert errors_of(wrong.text) == {"code": WrongCode.message}
    second = await submit(visitor, "/login/code", "/login", code=enrolled.code(), next="/account")
    assert (second.status_code, second.headers["location"]) == (303, "/account")
    assert visitor.cookies["sid"] != awaiting
    assert (await visitor.get("/account")).status_code == 200
    visitor.cookies.clear()
    assert (await visitor.get("/api/session", headers={"cookie": f"sid={awaiting}"})).status_code == 401


async def test_another_account_can_be_chosen_at_the_second_step(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    visitor = new_client()
    await submit(visitor, "/login", email=enrolled.user.email, password=PASSWORD)
    assert "Enter your code" in (await visitor.get("/login")).text
    await submit(visitor, "/logout", "/login")
    assert "Enter your code" not in (await visitor.get("/login")).text


async def test_twenty_uses_of_a_recovery_code_at_once_let_one_in(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    code = enrolled.codes[0].upper().replace("-", " ")
    clients = [new_client() for _ in range(20)]
    answers = await asyncio.gather(*(_api(each, email=enrolled.user.email, code=code) for each in clients))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) <= 1
    assert set(statuses) <= {201, 401, 429}
    assert "9 recovery codes" in (await client.get("/account")).text


async def test_twenty_uses_of_a_code_at_once_claim_it_once(
    make: Factory, settings: Settings, database: Database
) -> None:
    totp, user = TotpSecrets(settings.secret_keys, clock=lambda: 1_800_000_000.0), await make.user()
    async with database.sessions() as session, session.begin():
        secret = await SecondFactorService(session, totp).enrol(await session.get_one(User, user.id))
    code = pyotp.TOTP(secret).generate_otp(1_800_000_000 // TOTP_STEP_SECONDS)

    async def use() -> bool:
        async with database.sessions() as session, session.begin():
            return await SecondFactorService(session, totp).verify(await session.get_one(User, user.id), code)

    assert sorted(await asyncio.gather(*(use() for _ in range(20)))) == [False] * 19 + [True]


async def test_wrong_codes_make_the_account_wait(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    visitor = new_client()
    for _ in range(5):
        answer = await _api(visitor, email=enrolled.user.email, code="not-a-code")
        assert answer.json()["code"] == "wrong_code"
    answer = await _api(visitor, email=enrolled.user.email, code=enrolled.code())
    assert answer.status_code == 429


async def test_a_reset_does_not_get_around_the_second_factor(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    enrolled = await enrol(client, await make.user())
    visitor, email = new_client(), enrolled.user.email
    await submit(visitor, "/forgot-password", email=email)
    link = await Mailbox(settings, email).link(2)
    assert (await submit(visitor, link, password="a kettle in the fog")).status_code == 303
    answer = await _api(visitor, email=email, password="a kettle in the fog")
    assert answer.json()["code"] == "second_factor_required"


async def test_switching_off_takes_the_password_and_a_code(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    enrolled = await enrol(client, await make.user())
    off = "/account/second-factor/disable"
    wrong = await submit(client, off, "/account", password="wrong wrong wrong", code=enrolled.codes[0])
    assert (wrong.status_code, errors_of(wrong.text)["password"]) == (400, "This is not your password")
    wrong = await submit(client, off, "/account", password=PASSWORD, code="000000")
    assert "not right" in errors_of(wrong.text)["code"]
    before = client.cookies["sid"]
    assert (await submit(client, off, "/account", password=PASSWORD, code=enrolled.codes[0])).status_code == 303
    assert client.cookies["sid"] != before
    assert (await _api(client, email=enrolled.user.email)).status_code == 201
    async with database.sessions() as session:
        left = await session.scalars(sa.select(RecoveryCode).where(RecoveryCode.user_id == enrolled.user.id))
        assert left.all() == []


async def test_new_recovery_codes_replace_the_old(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    made = await submit(client, "/account/recovery-codes", "/account", code=enrolled.codes[0])
    assert made.headers["location"] == "/account/recovery-codes"
    assert enrolled.codes[1] not in (await client.get("/account/recovery-codes")).text
    assert (await _api(new_client(), email=enrolled.user.email, code=enrolled.codes[1])).status_code == 401


async def test_the_next_person_in_a_browser_does_not_see_the_new_recovery_codes(
    client: httpx.AsyncClient, make: Factory
) -> None:
    enrolled = await enrol(client, await make.user())
    made = await submit(client, "/account/recovery-codes", "/account", code=enrolled.codes[0])
    assert made.headers["location"] == "/account/recovery-codes"
    assert (await submit(client, "/logout", "/account")).status_code == 303
    await sign_in(client, await make.user())
    page = await client.get("/account/recovery-codes")
    assert (page.status_code, page.headers["location"]) == (303, "/account")


async def test_an_encrypted_secret_is_decrypted_for_its_account_only(
    make: Factory, settings: Settings, database: Database
) -> None:
    from cryptography.exceptions import InvalidTag

    one, other = await make.user(), await make.user()
    async with database.sessions() as session, session.begin():
        first, second = await session.get_one(User, one.id), await session.get_one(User, other.id)
        second_factor = SecondFactorService(session, TotpSecrets(settings.secret_keys))
        secret = await second_factor.enrol(first)
        assert second_factor.pending_secret(first) == secret
        second.totp_secret = first.totp_secret
        with pytest.raises(InvalidTag):
            second_factor.pending_secret(second)
        await session.rollback()
