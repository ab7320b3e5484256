"""The mail about missed calls: its recipients, its times and its content."""

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.missed_call_digest import MissedCallDigester, period_start
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.mail import Mail
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in
from support.page_session import page_after
from tenants.models import Membership, MissedDigest, Role

pytestmark = pytest.mark.anyio
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


class Outbox:
    """The mails that a digester sent to the people of one organization."""

    def __init__(self, database: Database) -> None:
        self.mails: list[Mail] = []
        self.digester = MissedCallDigester(database, self._send, "https://voice.example.com")

    async def _send(self, _: AsyncSession, mail: Mail) -> None:
        self.mails.append(mail)

    async def after(self, now: dt.datetime, *people: str) -> list[Mail]:
        """The mails to ``people`` that a run at ``now`` sends; other tests have members in this database too."""
        self.mails = []
        await self.digester.run(now)
        return [mail for mail in self.mails if mail.to in people]


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def place_missed_call(
    callbacks: CallbackClient, tenant: Tenant, caller: str = "+12125550160", *, key: str = ""
) -> None:
    assert tenant.number is not None
    sid = new_sid()
    await callbacks.incoming(tenant.number, sid, caller=caller)
    if key:
        await callbacks.send("/voice/incoming/key", {"CallSid": sid, "Digits": key})
    await callbacks.event(sid, "completed", utc_now(), CallDuration="4")


async def member_id(owner: httpx.AsyncClient, tenant: Tenant, email: str) -> str:
    listed = await owner.get(f"/api/organizations/{tenant.organization.id}/members")
    return str(next(item["id"] for item in listed.json()["items"] if item["email"] == email))


async def choose(owner: httpx.AsyncClient, tenant: Tenant, email: str, digest: str) -> httpx.Response:
    path = f"/api/organizations/{tenant.organization.id}/members/{await member_id(owner, tenant, email)}"
    return await owner.patch(path, json={"missed_digest": digest})


async def mailed_through(database: Database, tenant: Tenant, moment: dt.datetime) -> None:
    """Store ``moment`` as the time of the members' last mail."""
    async with database.sessions() as session, session.begin():
        mine = Membership.owned_by(tenant.organization.id)
        await session.execute(sa.update(Membership).where(mine).values(missed_mailed_at=moment))


async def test_one_mail_a_period_and_none_when_nobody_called(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, outbox: Outbox, database: Database
) -> None:
    address = tenant.owner.email
    assert (await choose(owner, tenant, address, "hourly")).json()["missed_digest"] == "hourly"
    assert (await choose(owner, tenant, address, "weekly")).status_code == 400
    start = utc_now().replace(minute=1, second=0, microsecond=0)
    assert await outbox.after(start + HOUR, address) == []
    await place_missed_call(callbacks, tenant)
    await place_missed_call(callbacks, tenant, "anonymous")
    await place_missed_call(callbacks, tenant, "+12125550161", key="9")
    # Calls before the last run are told in the next hour, once.
    await mailed_through(database, tenant, start - DAY)
    (mail,) = await outbox.after(start + 2 * HOUR, address)
    assert mail.subject == "2 missed calls for Acme Realty"
    assert "Nobody has called back yet." in mail.paragraphs[0]
    assert "555" not in " ".join(mail.paragraphs)
    assert mail.action == (
        "See the missed calls",
        f"https://voice.example.com/dashboard/{tenant.organization.slug}/calls?direction=missed",
    )
    assert await outbox.after(start + 2 * HOUR + dt.timedelta(minutes=30), address) == []
    assert await outbox.after(start + 3 * HOUR, address) == []
    assert (await choose(owner, tenant, address, "off")).status_code == 200
    await place_missed_call(callbacks, tenant)
    assert await outbox.after(start + 4 * HOUR, address) == []


def test_a_day_begins_at_eight_by_the_organizations_clock() -> None:
    morning = dt.datetime(2026, 11, 29, 8, 0, tzinfo=NEW_YORK)
    for now, begin in ((morning, morning), (morning - dt.timedelta(minutes=1), morning - DAY)):
        assert period_start(MissedDigest.DAILY, NEW_YORK, now.astimezone(dt.UTC)) == begin
    assert period_start(MissedDigest.HOURLY, NEW_YORK, morning + dt.timedelta(minutes=5)) == morning


async def test_a_daily_mail_comes_at_the_next_eight_o_clock(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, outbox: Outbox
) -> None:
    address = tenant.owner.email
    await choose(owner, tenant, address, "daily")
    await place_missed_call(callbacks, tenant)
    eight = period_start(MissedDigest.DAILY, NEW_YORK, utc_now() + DAY)
    assert await outbox.after(eight - dt.timedelta(minutes=1), address) == []
    (mail,) = await outbox.after(eight, address)
    assert mail.paragraphs[-1].startswith("This mail comes at most once a day")
    assert await outbox.after(eight + 23 * HOUR, address) == []


async def test_calls_that_were_seen_are_not_mailed(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, outbox: Outbox, database: Database
) -> None:
    address = tenant.owner.email
    await choose(owner, tenant, address, "daily")
    await place_missed_call(callbacks, tenant)
    await mailed_through(database, tenant, utc_now() - 3 * DAY)
    await owner.get(f"/dashboard/{tenant.organization.slug}/calls?direction=missed")
    assert await outbox.after(utc_now() + HOUR, address) == []
    await place_missed_call(callbacks, tenant)
    await mailed_through(database, tenant, utc_now() - 3 * DAY)
    (mail,) = await outbox.after(utc_now() + HOUR, address)
    assert mail.subject == "1 missed call for Acme Realty"


async def test_members_choose_for_themselves_and_admins_for_all(
    owner: httpx.AsyncClient, tenant: Tenant, make: Factory, database: Database
) -> None:
    page = f"/dashboard/{tenant.organization.slug}/settings/incoming-calls"
    member = await make.member(tenant.organization, Role.MEMBER)
    ids = [await member_id(owner, tenant, each.email) for each in (tenant.owner, member)]
    fields = {f"digest_{UUID(ids[0]).hex}": "daily", f"digest_{UUID(ids[1]).hex}": "hourly"}
    assert "2 members get mails about missed calls" in await page_after(owner, page, f"{page}/missed-mails", fields)
    again = {**fields, f"digest_{UUID(ids[0]).hex}": "off"}
    assert "1 member gets mails about missed calls" in await page_after(owner, page, f"{page}/missed-mails", again)
    async with database.sessions() as session:
        chosen = sa.select(Membership.missed_digest).where(Membership.owned_by(tenant.organization.id))
        assert sorted(await session.scalars(chosen)) == ["hourly", "off"]
        audited = sa.select(AuditEvent.details).where(
            AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "member.mails_changed"
        )
        assert len(list(await session.scalars(audited))) == 3

    await sign_in(owner, member)
    own = {f"digest_{UUID(ids[1]).hex}": "off"}
    assert "You get no mails about missed calls" in await page_after(owner, page, f"{page}/missed-mails", own)
    own = {f"digest_{UUID(ids[1]).hex}": "daily"}
    assert "You get mails about missed calls" in await page_after(owner, page, f"{page}/missed-mails", own)
    # A member cannot choose for other members.
    wrong = {f"digest_{UUID(ids[0]).hex}": "daily"}
    assert "Choose again" in await page_after(owner, page, f"{page}/missed-mails", wrong)


async def test_the_database_takes_no_other_choice(database: Database, tenant: Tenant) -> None:
    """An unknown choice would make the mailing job fail for every organization."""
    mine = Membership.owned_by(tenant.organization.id)
    async with database.sessions() as session:
        with pytest.raises(IntegrityError, match="ck_membership_missed_digest"):
            await session.execute(sa.update(Membership).where(mine).values(missed_digest="weekly"))
