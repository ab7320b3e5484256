"""No request holds a database connection while its password waits for a hashing slot."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from litestar import Litestar

from accounts.account_services import ACCOUNT_SERVICES
from accounts.hashing_slots import HashingSlots
from accounts.passwords import HASHING_THREADS
from admin.models import StaffRole
from epoch.cli.commands import add_staff
from kit.db.database import Database
from kit.settings import Settings
from support.connections import ConnectionWatch
from support.factories import Factory
from support.form_submission import submit
from support.hashing_slots import all_slots_taken
from support.mailbox import Mailbox
from support.passwords import PASSWORD
from support.staff import make_staff, post
from support.waiting import wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
NEW = "a kettle in the fog"


class Visitor(NamedTuple):
    """A browser, and the objects that prepare its way to a form with a password."""

    client: httpx.AsyncClient
    settings: Settings
    database: Database
    make: Factory


Submission = Callable[[], Awaitable[httpx.Response]]


async def sign_up(visitor: Visitor) -> Submission:
    return lambda: submit(visitor.client, "/signup", email="slots@example.com", password=NEW, name="Sal")


async def confirm_in_another_browser(visitor: Visitor) -> Submission:
    await submit(visitor.client, "/signup", email="other-browser@example.com", password=NEW, name="Sal")
    visitor.client.cookies.clear()
    link = await Mailbox(visitor.settings, "other-browser@example.com").link()
    return lambda: submit(visitor.client, link)


async def sign_in(visitor: Visitor) -> Submission:
    user = await visitor.make.user()
    return lambda: submit(visitor.client, "/login", email=user.email, password=PASSWORD)


async def reset_password(visitor: Visitor) -> Submission:
    user = await visitor.make.user()
    await submit(visitor.client, "/forgot-password", email=user.email)
    link = await Mailbox(visitor.settings, user.email).link()
    return lambda: submit(visitor.client, link, password=NEW)


async def change_password(visitor: Visitor) -> Submission:
    await (await sign_in(visitor))()
    fields = {"current_password": PASSWORD, "new_password": NEW}
    return lambda: submit(visitor.client, "/account/password", "/account", **fields)


async def join_staff(visitor: Visitor) -> Submission:
    _, link = await add_staff(visitor.settings, "slots@example.com", StaffRole.SUPPORT.value)
    path = link.removeprefix(visitor.settings.public_url)
    return lambda: post(visitor.client, path, password=NEW)


async def sign_in_as_staff(visitor: Visitor) -> Submission:
    staff = await make_staff(visitor.database, StaffRole.ADMIN)
    return lambda: post(visitor.client, "/admin/login", email=staff.email, password=PASSWORD, next="/admin")


@pytest.mark.parametrize(
    "prepare",
    [
        sign_up,
        confirm_in_another_browser,
        sign_in,
        reset_password,
        change_password,
        join_staff,
        sign_in_as_staff,
    ],
)
async def test_no_connection_is_held_while_a_password_waits_for_a_slot(
    app: Litestar,
    client: httpx.AsyncClient,
    settings: Settings,
    database: Database,
    make: Factory,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Visitor], Awaitable[Submission]],
) -> None:
    send = await prepare(Visitor(client, settings, database, make))
    passwords, watch = ACCOUNT_SERVICES.get(app).passwords, await ConnectionWatch.open(app, database_url)
    monkeypatch.setattr(passwords, "_slots", HashingSlots(tmp_path, count=HASHING_THREADS))
    with all_slots_taken(tmp_path):
        answer = asyncio.ensure_future(send())
        await wait_until(lambda: passwords._unfinished > 0)
        await watch.wait_until_idle()
        assert not answer.done()
    assert (await answer).status_code == 303
    await watch.close()
