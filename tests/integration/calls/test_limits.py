"""Limits on calls: exact across workers, enforced if counters cannot be read; reservations are released in time."""

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.limits import admission
from calls.limits.admission import CALL_ADMISSION
from calls.limits.limit_names import DEFAULT_COUNTS
from calls.limits.models import (
    Alert,
    AlertKind,
    CallDestination,
    UsageCounter,
    UsageScope,
)
from calls.limits.overrides import LimitOverrideService
from calls.limits.pause import CallingPauseService
from calls.limits.rejections import HOURLY_CAP_PER_TOKEN, UncheckedRejections
from calls.models import Call, CallStatus
from calls.services import CallService
from carrier.port import Price
from conftest import PUBLIC_URL
from epoch.app import create_app
from kit.actor import SYSTEM, Actor, ActorKind
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database, owner_engine
from kit.ids import first_uuid7
from kit.settings import Settings
from support.asgi import asgi_transport
from support.callback_client import (
    REJECT,
    CallbackClient,
    identity_of,
    new_sid,
)
from support.factories import Factory, Tenant
from support.killed_process import environ_of
from support.limit_cases import COUNT_LIMITS
from support.mailbox import Mailbox, text_of
from support.preloaded_processes import start_script
from support.widget_client import post_token

pytestmark = pytest.mark.anyio
WORKERS, CALLS = 4, 50
LIVE_CALLS = 5
"""The limit that the calls of all workers compete for."""
WORKER = Path(__file__).with_name("calling_worker.py")
UNAVAILABLE = "Service temporarily unavailable"
STAFF = Actor(ActorKind.STAFF, uuid4(), "staff@example.com")


def is_dialled(answer: httpx.Response) -> bool:
    assert answer.status_code == 200
    assert b"<Dial " in answer.content or answer.content == REJECT
    return b"<Dial " in answer.content


async def statuses(database: Database, tenant: Tenant) -> dict[str | None, int]:
    """The organization's numbers of calls by reason of refusal; None for those that were dialled."""
    async with database.sessions() as session:
        query = sa.select(Call.end_reason, sa.func.count()).where(Call.owned_by(tenant.organization.id))
        return {row[0]: row[1] for row in await session.execute(query.group_by(Call.end_reason))}


async def usage_of(database: Database, tenant: Tenant) -> UsageCounter:
    async with database.sessions() as session:
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        return (await session.scalars(sa.select(UsageCounter).where(*mine))).one()


async def set_use(database: Database, tenant: Tenant, **values: int) -> None:
    async with database.sessions() as session, session.begin():
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        await session.execute(sa.update(UsageCounter).where(*mine).values(**values))


async def finish(callbacks: CallbackClient, sid: str, *, seconds: int) -> None:
    child, now = new_sid(), utc_now()
    await callbacks.event(sid, "in-progress", now - dt.timedelta(seconds=seconds), child=child, sequence=2)
    done = await callbacks.event(sid, "completed", now, child=child, sequence=3, CallDuration=str(seconds))
    assert done.status_code == 204


@pytest.mark.slow
async def test_two_hundred_calls_at_once_on_four_workers_are_exactly_the_limit(
    make: Factory, settings: Settings, database: Database
) -> None:
    tenant = await make.tenant(limits={"live_calls": LIVE_CALLS})
    token = await make.token(tenant)
    arguments = (str(token.id), str(CALLS))
    workers = [await start_script(WORKER, arguments, environ_of(settings)) for _ in range(WORKERS)]
    async with asyncio.timeout(120):
        for worker in workers:
            assert await worker.stdout.readline() == b"ready\n"
        for worker in workers:
            worker.stdin.write(b"go\n")
        last_lines = [(await worker.stdout.read()).splitlines()[-1] for worker in workers]
        assert [await worker.wait() for worker in workers] == [0] * WORKERS

    assert sum(int(line.removeprefix(b"dialled ")) for line in last_lines) == LIVE_CALLS
    counted = await statuses(database, tenant)
    assert counted[None] == LIVE_CALLS
    assert sum(counted.values()) <= WORKERS * CALLS
    use = await usage_of(database, tenant)
    assert (use.live, use.day_attempts) == (LIVE_CALLS, LIVE_CALLS)


@pytest.mark.parametrize(("limit", "reason"), COUNT_LIMITS)
async def test_of_calls_at_once_as_many_are_dialled_as_the_limit_says(
    callbacks: CallbackClient, make: Factory, database: Database, limit: str, reason: str
) -> None:
    tenant = await make.tenant(limits={**dict.fromkeys(DEFAULT_COUNTS, 1000), limit: 7})
    token = await make.token(tenant)
    answers = await asyncio.gather(*(callbacks.outgoing(token.id, new_sid()) for _ in range(12)))
    assert sum(map(is_dialled, answers)) == 7
    assert await statuses(database, tenant) == {None: 7, reason: 5}
    assert (await usage_of(database, tenant)).day_rejected == 5


@pytest.mark.parametrize(("limit", "reason"), [("live_calls_per_phone", "too_many_calls_at_once")])
async def test_one_phone_has_one_call_at_a_time_and_the_next_once_that_is_over(
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    reason: str,
) -> None:
    tenant = await make.tenant(limits={limit: 1})
    token = await make.token(tenant)
    phone = f"client:{identity_of(token.id)}"

    async def call() -> tuple[str, bool]:
        sid = new_sid()
        form = {"CallSid": sid, "From": phone, "To": "+12125550147", "CallStatus": "ringing"}
        return sid, is_dialled(await callbacks.send("/voice/outgoing", form))

    first, dialled = await call()
    assert dialled
    assert not (await call())[1]
    # The second call arrives before the report that the first ended, and waits for it.
    monkeypatch.setattr(admission, "_BUSY_RETRY_SECONDS", (0.1,) * 200)
    again = asyncio.create_task(call())
    await finish(callbacks, first, seconds=3)
    assert (await again)[1]
    assert await statuses(database, tenant) == {None: 2, reason: 1}


async def test_foreign_numbers_are_limited_and_staff_are_told(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(limits={**dict.fromkeys(DEFAULT_COUNTS, 1000), "foreign_numbers_per_hour": 12})
    token = await make.token(tenant)

    async def abroad(last: int) -> bool:
        return is_dialled(await callbacks.outgoing(token.id, new_sid(), to=f"+1416555{last:04d}"))

    alarms = sa.select(Alert).where(
        Alert.owned_by(tenant.organization.id), Alert.kind == AlertKind.FOREIGN_DESTINATIONS
    )
    assert all([await abroad(last) for last in range(100, 105)])
    async with database.sessions() as session:
        assert list(await session.scalars(alarms)) == []
    assert [await abroad(last) for last in range(105, 120)] == [True] * 7 + [False] * 8
    assert await abroad(100)  # not a new one
    assert is_dialled(await callbacks.outgoing(token.id, new_sid(), to="+12125550147"))
    async with database.sessions() as session:
        [alarm] = await session.scalars(alarms)
    assert alarm.details == {"numbers": 6, "limit": 12, "token_id": str(token.id)}
    assert await statuses(database, tenant) == {None: 14, "call_limit_reached": 8}


async def test_the_time_limit_shrinks_with_the_remaining_minutes(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = new_sid()
    assert b'timeLimit="3600"' in (await callbacks.outgoing(token.id, sid)).content
    assert (await usage_of(database, tenant)).reserved_minutes == 60
    await finish(callbacks, sid, seconds=61)
    use = await usage_of(database, tenant)
    assert (use.live, use.reserved_minutes, use.reserved_micros) == (0, 0, 0)
    assert (use.day_minutes, use.month_minutes, use.day_micros, use.month_micros) == (2, 2, 28_000, 28_000)
    await finish(callbacks, sid, seconds=61)
    assert (await usage_of(database, tenant)).day_minutes == 2  # reported twice, counted once
    await set_use(database, tenant, day_minutes=593)
    assert b'timeLimit="420"' in (await callbacks.outgoing(token.id, new_sid())).content
    assert (await callbacks.outgoing(token.id, new_sid())).content == REJECT
    assert (await statuses(database, tenant))["call_limit_reached"] == 1


async def test_the_carriers_own_price_replaces_the_estimate(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    sid = new_sid()
    await callbacks.outgoing((await make.token(tenant)).id, sid)
    await finish(callbacks, sid, seconds=100)
    async with database.sessions() as session, session.begin():
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
        assert (call.country, call.billed_minutes, call.cost_micros, call.is_priced) == ("US", 2, 28_000, False)
        await CallService(session).set_price(tenant.organization.id, call.id, Price(17_500))
    await callbacks.event(sid, "completed", utc_now(), child=new_sid(), sequence=9, CallDuration="100")
    use = await usage_of(database, tenant)
    assert (use.day_minutes, use.day_micros, use.month_micros) == (2, 17_500, 17_500)


async def test_a_reservation_of_a_call_whose_end_is_not_reported_is_released_in_time(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(limits={"live_calls": 1})
    token = await make.token(tenant)
    stuck = new_sid()
    assert is_dialled(await callbacks.outgoing(token.id, stuck))
    assert not is_dialled(await callbacks.outgoing(token.id, new_sid()))
    async with database.sessions() as session, session.begin():
        past = sa.update(Call).where(Call.carrier_sid == stuck).values(reserved_until=utc_now())
        await session.execute(past)
    assert is_dialled(await callbacks.outgoing(token.id, new_sid()))
    use = await usage_of(database, tenant)
    assert (use.live, use.day_minutes) == (1, 60)  # charged in full
    await finish(callbacks, stuck, seconds=30)
    assert (await usage_of(database, tenant)).day_minutes == 1  # corrected by the late report of its end


async def test_owners_get_one_mail_at_eighty_percent(
    callbacks: CallbackClient, make: Factory, database: Database, settings: Settings
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for used in (478, 479, 480):
        sid = new_sid()
        assert is_dialled(await callbacks.outgoing(token.id, sid))
        await set_use(database, tenant, day_minutes=used)
        await finish(callbacks, sid, seconds=59)
    [mail] = await Mailbox(settings, tenant.owner.email).all()
    assert mail["Subject"] == f"{tenant.organization.name} has used 80 % of its minutes for today"
    assert "Call limit reached" in text_of(mail)
    async with database.sessions() as session:
        mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "calling.limit_near"
        [event] = await session.scalars(sa.select(AuditEvent).where(*mine))
    assert event.details == {"limit": "minutes_per_day", "used": 480, "of": 600}


async def test_a_new_organization_calls_at_home_only_but_as_often_as_any(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=13))
    token = await make.token(tenant)
    assert not is_dialled(await callbacks.outgoing(token.id, new_sid(), to="+14165550126"))
    answers = [await callbacks.outgoing(token.id, new_sid()) for _ in range(6)]
    assert all(map(is_dialled, answers))
    assert b'timeLimit="2220"' in answers[0].content  # 37 minutes of the quarter of the day's 600
    assert await statuses(database, tenant) == {None: 6, "country_not_enabled": 1}


async def test_one_phone_calls_twenty_times_in_a_minute_also_in_the_first_days(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(0))
    token = await make.token(tenant)
    phone = f"client:{identity_of(token.id)}"

    async def call(last: int) -> bool:
        sid = new_sid()
        form = {"CallSid": sid, "From": phone, "To": f"+1212555{last:04d}", "CallStatus": "ringing"}
        dialled = is_dialled(await callbacks.send("/voice/outgoing", form))
        if dialled:
            await finish(callbacks, sid, seconds=2)
        return dialled

    assert [await call(last) for last in range(100, 121)] == [True] * 20 + [False]
    assert await statuses(database, tenant) == {None: 20, "too_many_calls": 1}


@pytest.mark.parametrize(
    ("country", "to", "dialled"),
    [
        ("US", "+15551234567", True),  # the guide's own example
        ("US", "+14165550126", True),
        ("US", "+442079460018", False),
        ("US", "+18765551234", False),  # +1 is not one country
        ("CA", "+12125550147", True),
        ("GB", "+447911123456", True),
        ("GB", "+447781123456", True),  # Guernsey
        ("GB", "+33199001234", False),
        ("FR", "+33199001234", True),
    ],
)
async def test_each_organization_calls_its_own_country_and_its_neighbour(
    callbacks: CallbackClient, make: Factory, country: str, to: str, dialled: bool
) -> None:
    token = await make.token(await make.tenant(country=country))
    assert is_dialled(await callbacks.outgoing(token.id, new_sid(), to=to)) is dialled


async def test_staff_override_a_limit_until_a_date(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for ends_at, dialled in ((utc_now() + dt.timedelta(days=1), False), (utc_now(), True)):
        async with database.sessions() as session, session.begin():
            await LimitOverrideService(session).set(
                tenant.organization.id, "live_calls", 0, ends_at=ends_at, reason="fraud", by=STAFF
            )
        assert is_dialled(await callbacks.outgoing(token.id, new_sid())) is dialled


class SeparateApp:
    """A product with a database of its own, whose tables can be broken without harm to other tests."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        database: Database,
        url: str,
        unchecked_rejections: UncheckedRejections,
    ) -> None:
        self.unchecked_rejections = unchecked_rejections
        self.client, self.side = client, CallbackClient(client, settings)
        self.make, self.database, self._url = Factory(database, settings), database, url

    async def as_owner(self, statement: str) -> None:
        engine = owner_engine(self._url)
        async with engine.begin() as connection:
            await connection.execute(sa.text(statement))
        await engine.dispose()


@pytest.fixture
async def separate_app(settings: Settings, new_migrated_database: Callable[[], str]) -> AsyncIterator[SeparateApp]:
    url = new_migrated_database()
    own = msgspec.structs.replace(settings, database_url=url)
    database = Database(url, role=ADMIN_ROLE)
    app: Litestar = create_app(own)
    transport = asgi_transport(app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield SeparateApp(client, own, database, url, CALL_ADMISSION.get(app).unchecked_rejections)
    await database.stop()


@pytest.mark.slow
async def test_calls_that_cannot_be_checked_are_stored_up_to_the_cap(separate_app: SeparateApp) -> None:
    tenant = await separate_app.make.tenant()
    token = await separate_app.make.token(tenant)
    await separate_app.as_owner("REVOKE ALL ON usage_counter FROM epoch_app")
    for _ in range(HOURLY_CAP_PER_TOKEN - 1):
        separate_app.unchecked_rejections.count(token.id)
    call_ids = [uuid4() for _ in range(3)]

    for call_id in call_ids:
        assert not is_dialled(await separate_app.side.outgoing(token.id, new_sid(), CallId=str(call_id)))

    assert await statuses(separate_app.database, tenant) == {"service_unavailable": 1}
    for call_id in call_ids:
        call = (await post_token(separate_app.client, token.raw, path="/widget/status", call_id=str(call_id))).json()[
            "call"
        ]
        assert (call["status"], call["message"]) == ("refused", UNAVAILABLE)


@pytest.mark.parametrize(
    "broken",
    [
        "REVOKE ALL ON usage_counter FROM epoch_app",
        "REVOKE ALL ON call_destination FROM epoch_app",
        "REVOKE ALL ON limit_override FROM epoch_app",
        "REVOKE ALL ON calling_pause FROM epoch_app",
        "ALTER TABLE usage_counter RENAME TO lost",
    ],
)
async def test_a_call_is_rejected_when_its_counters_cannot_be_read_and_the_widget_gets_the_reason(
    separate_app: SeparateApp, broken: str
) -> None:
    tenant = await separate_app.make.tenant()
    token = await separate_app.make.token(tenant)
    await separate_app.as_owner(broken)
    call_id = uuid4()

    answer = await separate_app.side.outgoing(token.id, new_sid(), CallId=str(call_id))

    assert not is_dialled(answer)
    assert await statuses(separate_app.database, tenant) == {"service_unavailable": 1}
    call = (await post_token(separate_app.client, token.raw, path="/widget/status", call_id=str(call_id))).json()[
        "call"
    ]
    assert (call["status"], call["message"]) == ("refused", UNAVAILABLE)


async def test_paused_calls_are_refused_until_they_are_resumed(separate_app: SeparateApp) -> None:
    token = await separate_app.make.token(await separate_app.make.tenant())
    for is_new in (True, False):
        async with separate_app.database.sessions() as session, session.begin():
            assert await CallingPauseService(session).pause(reason="fraud", by=SYSTEM) is is_new
        assert not is_dialled(await separate_app.side.outgoing(token.id, new_sid()))
    for was_paused in (True, False):
        async with separate_app.database.sessions() as session, session.begin():
            assert await CallingPauseService(session).resume(by=SYSTEM) is was_paused
    assert is_dialled(await separate_app.side.outgoing(token.id, new_sid()))


async def test_a_call_deletes_old_numbers_and_old_widget_identities(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    ago = utc_now() - dt.timedelta(days=3)
    old = first_uuid7(ago)
    async with database.sessions() as session, session.begin():
        mine = {"organization_id": tenant.organization.id}
        session.add_all(
            [
                CallDestination(**mine, number="+12125550100", is_foreign=False, hour_start=ago, seen_at=ago),
                UsageCounter(
                    **mine, id=old, scope=UsageScope.IDENTITY, key="w_old", minute_start=ago, day=ago, month=ago
                ),
            ]
        )
    assert is_dialled(await callbacks.outgoing(token.id, new_sid()))
    async with database.sessions() as session:
        mine_only = CallDestination.owned_by(tenant.organization.id)
        assert list(await session.scalars(sa.select(CallDestination.number).where(mine_only))) == ["+12125550147"]
        identities = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.IDENTITY
        assert await session.scalar(sa.select(sa.func.count()).select_from(UsageCounter).where(*identities)) == 1


@pytest.mark.slow
async def test_a_stolen_token_stays_within_policy_and_budget_and_raises_an_alarm(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    dialled: list[str] = []
    wanted = [
        *("+18765551234", "+2348012345678", "+881612345678", "+19002345678", "+447012345678", "911", "+37125550100"),
        *(f"+1416555{last:04d}" for last in range(100, 140)),
        *("+12125550147",) * 30,
    ]

    async def steal(to: str, seconds: int) -> None:
        sid = new_sid()
        answer = await callbacks.outgoing(token.id, sid, to=to)
        if is_dialled(answer):
            dialled.append(to)
            limit = re.search(rb'timeLimit="(\d+)"', answer.content)
            assert limit is not None
            await finish(callbacks, sid, seconds=min(seconds, int(limit[1])))  # the carrier ends it there

    # The thief continues for many minutes: limits per minute begin anew each time.
    for seconds in (20, 3600, 3600):
        for to in wanted:
            await steal(to, seconds)
        async with database.sessions() as session, session.begin():
            mine = UsageCounter.owned_by(tenant.organization.id)
            await session.execute(
                sa.update(UsageCounter).where(mine).values(minute_start=utc_now() - dt.timedelta(hours=1))
            )

    assert dialled
    assert all(to.startswith(("+1416555", "+1212555")) for to in dialled)
    assert len({to for to in dialled if to.startswith("+1416555")}) <= 20
    use = await usage_of(database, tenant)
    assert use.day_micros <= 25_000_000
    assert use.day_minutes <= 600
    async with database.sessions() as session:
        kinds = set(await session.scalars(sa.select(Alert.kind).where(Alert.owned_by(tenant.organization.id))))
        live = sa.select(sa.func.count()).where(
            Call.owned_by(tenant.organization.id), Call.status == CallStatus.INITIATED
        )
        assert await session.scalar(live) == 0
    assert kinds == {AlertKind.NEAR_LIMIT, AlertKind.FOREIGN_DESTINATIONS, AlertKind.REJECTED_CALLS}
