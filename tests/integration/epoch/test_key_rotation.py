"""Keys are replaced while the product serves: as in a rolling restart, machines with two configurations answer in turn.

Each person's requests go to both machines alternately, so each cookie, ticket, proof and job that one machine makes is
read by the other one.
"""

import asyncio
import base64
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import asyncpg
import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar
from twilio.jwt.access_token import AccessToken

from accounts.models import User
from calls.models import Call, CallStatus
from epoch.app import create_app
from epoch.cli.check_results import CheckWarned
from epoch.cli.commands import renew_stored_secrets
from epoch.cli.database_checks import check_secret_key
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.db.url import parse_database_url
from kit.jobs.models import DEAD_LETTER_STATUS, QueuedJob
from kit.settings import Settings
from support.asgi import asgi_transport
from support.callback_client import REJECT, CallbackClient, new_sid
from support.databases import PATIENT_SECONDS, patient_database
from support.factories import Factory, Token
from support.form_submission import submit
from support.mailbox import Mailbox
from support.passwords import PASSWORD
from support.second_factor import EnrolledUser, enrol
from support.widget_client import post_token
from widget.tickets import issue_page_ticket

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
OLD, NEW = "o" * 32, "n" * 32
ROUNDS = 2
"""Rounds of every request under each pair of configurations, each begun at the other machine than the one before."""
_serial = itertools.count()


class Customer(NamedTuple):
    """A member whose organization has a widget."""

    member: User
    token: Token


class AlternatingTransport(httpx.AsyncBaseTransport):
    """Sends the requests of one browser to two machines in turn."""

    def __init__(self, machines: Sequence[Litestar]) -> None:
        self._next = itertools.cycle([asgi_transport(machine) for machine in machines])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._next).handle_async_request(request)


class Machines:
    """Two machines that serve at the same time, and the carrier that signs with one of its tokens."""

    def __init__(self, settings: Sequence[Settings], apps: Sequence[Litestar], signs_with: Sequence[Settings]) -> None:
        self.settings = settings
        self._apps = list(apps)
        self._signs_with = itertools.cycle(signs_with)

    @contextlib.asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        self._apps.reverse()
        transport = AlternatingTransport(self._apps)
        async with httpx.AsyncClient(transport=transport, base_url=self.settings[0].public_url) as client:
            yield client

    def carrier(self, client: httpx.AsyncClient) -> CallbackClient:
        return CallbackClient(client, next(self._signs_with))


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Litestar]:
    """A machine that serves, in a task of its own: machines stop in another order than they started."""
    app = create_app(settings, database=patient_database(settings))
    ready, stopping = asyncio.Event(), asyncio.Event()

    async def serve() -> None:
        async with app.lifespan():
            ready.set()
            await stopping.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(serve())
        await ready.wait()
        yield app
        stopping.set()


@pytest.fixture
async def second_login(own_database_url: str) -> AsyncIterator[str]:
    """The URL of the database with another login of its owner, as docs/key-rotation.md makes it."""
    owner = parse_database_url(own_database_url)
    name = f"epoch_login_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(own_database_url)
    await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE {owner.user}")
    await connection.execute(f"ALTER ROLE {name} SET role TO {owner.user}")
    yield own_database_url.replace(f"//{owner.user}", f"//{name}", 1)
    await connection.execute(f"DROP ROLE {name}")
    await connection.close()


@pytest.fixture
def configurations(own_settings: Settings, second_login: str) -> list[Settings]:
    """The configurations of docs/key-rotation.md in their order."""
    account = own_settings.twilio
    old = {"auth_token": "a" * 32}
    new = {"auth_token": "b" * 32, "api_key_sid": "SK" + "7" * 32, "api_key_secret": "q" * 32}

    def configured(secret: str, previous: tuple[str, ...], twilio: dict[str, Any], url: str | None) -> Settings:
        changed: dict[str, Any] = {"secret_key": secret, "secret_key_previous": previous, "database_url": url}
        return msgspec.structs.replace(own_settings, twilio=msgspec.structs.replace(account, **twilio), **changed)

    first = own_settings.database_url
    return [
        configured(OLD, (), old, first),
        configured(OLD, (NEW,), {**old, "auth_token_secondary": new["auth_token"]}, first),
        configured(NEW, (OLD,), {**new, "auth_token_secondary": old["auth_token"]}, second_login),
        configured(NEW, (), new, second_login),
    ]


async def test_every_key_is_replaced_without_a_failed_request(configurations: list[Settings]) -> None:
    old, both, swapped, new = configurations
    assert old.database_url is not None
    database = Database(old.database_url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    make = Factory(database, old)
    tenant = await make.tenant()
    customer = Customer(tenant.owner, await make.token(tenant, allowed_domains=["mysite.com"]))
    async with contextlib.AsyncExitStack() as first, contextlib.AsyncExitStack() as others:
        apps = [await first.enter_async_context(serving(old)), await others.enter_async_context(serving(both))]
        machines = Machines((old, both), apps, signs_with=(old,))
        async with machines.browser() as client:
            enrolled = await enrol(client, tenant.owner)
        await use_everything(machines, customer, database)
        await first.aclose()

        apps = [apps[1], await others.enter_async_context(serving(swapped))]
        machines = Machines((both, swapped), apps, signs_with=(both, swapped))
        await use_everything(machines, customer, database)
        await sign_in_with_code(machines, enrolled, 0)
        await renew(swapped)

        apps = [apps[1], await others.enter_async_context(serving(new))]
        machines = Machines((swapped, new), apps, signs_with=(new,))
        await use_everything(machines, customer, database)
        await sign_in_with_code(machines, enrolled, 1)
    async with database.sessions() as session:
        dead = await session.scalars(sa.select(QueuedJob.kind).where(QueuedJob.status == DEAD_LETTER_STATUS))
        assert dead.all() == []
    await database.stop()


async def renew(settings: Settings) -> None:
    """``epoch doctor`` counts what the predecessor encrypted, ``epoch rotate-secrets`` renews it."""
    with pytest.raises(CheckWarned, match="1 second factor still encrypted"):
        await check_secret_key(settings)
    before, after = await renew_stored_secrets(settings)
    assert (before.old_second_factors, after.old, after.unreadable) == (1, None, None)
    assert "nothing stored needs EPOCH_SECRET_KEY_PREVIOUS" in await check_secret_key(settings)


async def use_everything(machines: Machines, customer: Customer, database: Database) -> None:
    await asyncio.gather(
        *(sign_up(machines) for _ in range(ROUNDS)),
        *(place_call(machines, customer, database) for _ in range(ROUNDS)),
        *(renew_token(machines, customer) for _ in range(ROUNDS)),
    )


async def sign_up(machines: Machines) -> None:
    """A form, a mail by a job, the proof that this browser signed up, and a page with a notice."""
    email = f"rotation-{next(_serial)}@example.com"
    async with machines.browser() as client:
        answer = await submit(client, "/signup", email=email, password=PASSWORD, name="Nia New")
        assert answer.headers["location"] == "/signup?sent=1", answer.text
        confirmed = await submit(client, await Mailbox(machines.settings[0], email).link())
        assert confirmed.headers["location"] == "/dashboard", confirmed.text
        assert (await client.get("/api/session")).json()["user"]["email"] == email
        left = await submit(client, "/logout", "/account")
        assert left.status_code == 303


async def place_call(machines: Machines, customer: Customer, database: Database) -> None:
    """A member's page, its exchange, and the carrier's callbacks of the call."""
    token, member = customer.token, customer.member
    by, sid = machines.settings[next(_serial) % 2], new_sid()
    async with machines.browser() as client:
        ticket = issue_page_ticket(by, token.id, member_id=member.id)
        exchanged = await post_token(client, token.raw, origins=[by.public_url], ticket=ticket)
        assert exchanged.status_code == 200, exchanged.text
        identity = f"client:{exchanged.json()['identity']}"
        dial = await machines.carrier(client).outgoing(token.id, sid, From=identity)
        assert (dial.status_code, dial.content == REJECT) == (200, False), dial.content
        child = new_sid()
        for sequence, status in enumerate(("ringing", "in-progress", "completed")):
            more = {"CallDuration": "6"} if status == "completed" else {}
            event = machines.carrier(client).event(sid, status, utc_now(), child=child, sequence=sequence, **more)
            assert (await event).status_code == 204
    async with database.sessions() as session:
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
    assert (call.status, call.agent, call.agent_is_member) == (CallStatus.COMPLETED, member.email, True)


async def renew_token(machines: Machines, customer: Customer) -> None:
    """A widget that renews its access token on a page of ours: each ticket comes from the other machine."""
    token = customer.token
    keys = {each.twilio.api_key_sid: each.twilio.api_key_secret for each in machines.settings}
    async with machines.browser() as client:
        answer = await post_token(client, token.raw)
        identities = set()
        for _ in range(4):
            session = answer.json()
            identities.add(session["identity"])
            signed_by = msgspec.json.decode(_payload(session["access_token"]))["iss"]
            AccessToken.from_jwt(session["access_token"], keys[signed_by])
            answer = await post_token(
                client, token.raw, origins=[machines.settings[0].public_url], ticket=session["ticket"]
            )
            assert answer.status_code == 200, answer.text
    assert len(identities) == 1


def _payload(access_token: str) -> bytes:
    payload = access_token.split(".")[1]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


async def sign_in_with_code(machines: Machines, enrolled: EnrolledUser, offset: int) -> None:
    async with machines.browser() as client:
        await submit(client, "/login", email=enrolled.user.email, password=PASSWORD)
        answer = await submit(client, "/login/code", "/login", code=enrolled.code(offset), next="/account")
        assert (answer.status_code, answer.headers.get("location")) == (303, "/account"), answer.text
        assert (await client.get("/account")).status_code == 200
