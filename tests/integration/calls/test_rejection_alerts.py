"""Many rejected calls alert staff once an hour; a repeated reason alerts the organization's admins once a day."""

import pytest
import sqlalchemy as sa

from calls.limits.models import Alert, AlertKind, UsageCounter
from calls.limits.rejection_alerts import (
    REJECTIONS_PER_CLASS,
    REJECTIONS_PER_TOKEN,
    REPEATED_REFUSALS,
    DestinationClass,
)
from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Tenant, Token
from support.mailbox import Mailbox, text_of
from tenants.models import Role

pytestmark = pytest.mark.anyio
SUBJECT = "Many calls of Acme Realty are refused"


async def refuse(callbacks: CallbackClient, token: Token, number: str, times: int) -> None:
    for _ in range(times):
        assert (await callbacks.outgoing(token.id, new_sid(), to=number)).content == REJECT


async def subjects(database: Database, tenant: Tenant) -> set[str]:
    async with database.sessions() as session:
        mine = Alert.owned_by(tenant.organization.id), Alert.kind == AlertKind.REJECTED_CALLS
        return set(await session.scalars(sa.select(Alert.subject).where(*mine)))


async def test_a_flood_of_pay_per_call_numbers_alerts_once(
    callbacks: CallbackClient, make: Factory, database: Database, settings: Settings
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    admin = await make.member(tenant.organization, Role.ADMIN)
    member = await make.member(tenant.organization, Role.MEMBER)
    token, most = await make.token(tenant), REJECTIONS_PER_CLASS[DestinationClass.PAY_PER_CALL]
    await refuse(callbacks, token, "+12129761234", most - 1)
    assert await subjects(database, tenant) == set()
    await refuse(callbacks, token, "+12129761234", 3)
    assert await subjects(database, tenant) == {"rejections_pay_per_call"}
    for person, mails in ((tenant.owner, 1), (admin, 1), (member, 0), (other.owner, 0)):
        found = [mail for mail in await Mailbox(settings, person.email).all(mails) if mail["Subject"] == SUBJECT]
        assert len(found) == mails, person.email
    assert await subjects(database, other) == set()


async def test_each_threshold_alerts_staff_and_the_hour_has_one_mail(
    callbacks: CallbackClient, make: Factory, database: Database, settings: Settings
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await refuse(callbacks, token, "+3361234567", 1)
    async with database.sessions() as session, session.begin():
        mine = UsageCounter.owned_by(tenant.organization.id)
        await session.execute(sa.update(UsageCounter).where(mine).values(hour_rejected=REJECTIONS_PER_TOKEN - 2))
    await refuse(callbacks, token, "+33612345678", 2)
    assert await subjects(database, tenant) == {f"rejections_per_token:{token.id}"}
    await refuse(callbacks, token, "+12129761234", REJECTIONS_PER_CLASS[DestinationClass.PAY_PER_CALL])
    assert await subjects(database, tenant) == {f"rejections_per_token:{token.id}", "rejections_pay_per_call"}
    mails = [mail["Subject"] for mail in await Mailbox(settings, tenant.owner.email).all()]
    assert mails.count(SUBJECT) == 1


@pytest.mark.parametrize(
    ("number", "subject"),
    [
        ("+33123456789", f"{REPEATED_REFUSALS} calls of Acme Realty were refused today: Country not enabled"),
        ("911", None),
    ],
)
async def test_admins_get_a_mail_once_a_day_about_a_repeated_reason_that_somebody_can_change(
    callbacks: CallbackClient, make: Factory, settings: Settings, number: str, subject: str | None
) -> None:
    tenant = await make.tenant()
    admin = await make.member(tenant.organization, Role.ADMIN)
    member = await make.member(tenant.organization, Role.MEMBER)
    token = await make.token(tenant)
    await refuse(callbacks, token, number, REPEATED_REFUSALS - 1)
    # Another reason is counted for itself.
    await refuse(callbacks, token, "912", 1)
    await refuse(callbacks, token, number, REPEATED_REFUSALS + 1)
    for person in (tenant.owner, admin, member):
        expected = [] if subject is None or person is member else [subject]
        mails = [
            mail for mail in await Mailbox(settings, person.email).all(len(expected)) if "today" in mail["Subject"]
        ]
        assert [mail["Subject"] for mail in mails] == expected
        for mail in mails:
            text = text_of(mail)
            for part in (
                "Calls to France are not switched on for Acme Realty. An admin can add them under Calling rules.",
                f"/dashboard/{tenant.organization.slug}/settings/calling-rules",
                f"/dashboard/{tenant.organization.slug}/calls?status=refused&end_reason=country_not_enabled",
                "at most once a day",
            ):
                assert part in text, part
            assert number not in text
