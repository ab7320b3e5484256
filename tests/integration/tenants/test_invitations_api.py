"""Invitations over the API: mail, list, resend, withdraw, accept."""

import re
from datetime import timedelta
from uuid import uuid4

import anyio
import httpx
import pytest
import sqlalchemy as sa

from accounts.errors import EmailNotVerified
from accounts.models import User
from conftest import NewClient
from kit.actor import Actor, ActorKind
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.errors import DomainError
from kit.settings import Settings
from support.factories import Factory, Tenant, sign_in
from support.mailbox import Mailbox, text_of
from tenants.errors import InvitationForAnotherEmail, InvitationNotUsable
from tenants.invitation_limits import (
    MAX_INVITATIONS_PER_DAY,
    MAX_INVITATIONS_PER_RECIPIENT_PER_DAY,
    TOO_MANY_INVITATIONS,
)
from tenants.invitations import InvitationService, find_organization_id
from tenants.models import Invitation, Membership, Organization, Role
from tenants.plans import Plan
from tenants.services import OrganizationService

pytestmark = pytest.mark.anyio


def invitations(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/invitations"


def address() -> str:
    return f"guest-{uuid4().hex[:12]}@example.com"


async def mails(settings: Settings, to: str, *, count: int = 1) -> list[str]:
    """Subject and text of the ``count`` mails to an address, once they have arrived, oldest first."""
    return [f"{mail['Subject']}\n{text_of(mail)}" for mail in await Mailbox(settings, to).all(count)]


def token_in(mail: str) -> str:
    found = re.search(r"http://localhost:8000/invitations/([A-Za-z0-9_-]{43})\s", mail)
    assert found is not None, mail
    return found[1]


async def accept(tenant_database: Database, raw: str, user: User) -> None:
    organization_id = await find_organization_id(tenant_database, raw)
    async with tenant_database.tenant_session(organization_id, user.id) as session:
        by = Actor(ActorKind.USER, user.id, user.email)
        await InvitationService(session).accept(organization_id, raw, by=by)


async def invited(client: httpx.AsyncClient, settings: Settings, tenant: Tenant, to: str, role: str = "member") -> str:
    """Invite ``to`` and return the raw token from the mail."""
    answer = await client.post(invitations(tenant), json={"email": to, "role": role})
    assert answer.status_code == 201, answer.text
    return token_in((await mails(settings, to.lower()))[-1])


async def test_an_invited_person_accepts_and_has_the_role(
    new_client: NewClient, tenant_database: Database, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, guest = await make.tenant(name="Acme & Söhne"), await make.user()
    admin = await sign_in(new_client(), await make.member(tenant.organization, Role.ADMIN))

    raw = await invited(admin, settings, tenant, guest.email.upper(), "admin")
    await accept(tenant_database, raw, guest)

    theirs = await sign_in(new_client(), guest)
    listed = (await theirs.get("/api/organizations")).json()["items"]
    assert [(item["name"], item["role"]) for item in listed] == [("Acme & Söhne", "admin")]
    assert (await admin.get(invitations(tenant))).json()["items"] == []
    async with database.sessions() as session:
        query = sa.select(AuditEvent.action).where(AuditEvent.organization_id == tenant.organization.id)
        assert list(await session.scalars(query.order_by(AuditEvent.id))) == ["invitation.sent", "invitation.accepted"]


async def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_mail(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    tenant, known, unknown = await make.tenant(), (await make.user()).email, address()
    await sign_in(client, tenant.owner)

    bodies, texts = [], []
    for to in (known, unknown):
        answer = await client.post(invitations(tenant), json={"email": to})
        assert answer.status_code == 201
        bodies.append({key: value for key, value in answer.json().items() if key not in {"id", "email", "created_at"}})
        texts.append(re.sub(r"[A-Za-z0-9_-]{43,}", "<token>", (await mails(settings, to))[0]))

    assert {**bodies[0], "expires_at": ""} == {**bodies[1], "expires_at": ""}
    assert texts[0] == texts[1]


async def test_the_link_stands_in_the_mail_and_nowhere_else(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    tenant, to = await make.tenant(), address()
    await sign_in(client, tenant.owner)

    answer = await client.post(invitations(tenant), json={"email": to})

    raw = token_in((await mails(settings, to))[0])
    assert raw not in answer.text
    assert raw not in (await client.get(invitations(tenant))).text
    assert set(answer.json()) == {"id", "email", "role", "invited_by", "created_at", "expires_at"}


async def test_an_invitation_works_once_even_for_twenty_tabs(
    client: httpx.AsyncClient, tenant_database: Database, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    raw = await invited(await sign_in(client, tenant.owner), settings, tenant, guest.email)
    outcomes: list[type[DomainError] | None] = []

    async def click() -> None:
        try:
            await accept(tenant_database, raw, guest)
            outcomes.append(None)
        except DomainError as error:
            outcomes.append(type(error))

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(click)

    assert outcomes.count(None) == 1
    assert outcomes.count(InvitationNotUsable) == 19
    async with database.sessions() as session:
        count = sa.select(sa.func.count(Membership.id)).where(Membership.user_id == guest.id)
        assert await session.scalar(count) == 1


async def test_only_the_invited_person_accepts(
    client: httpx.AsyncClient, tenant_database: Database, make: Factory, settings: Settings
) -> None:
    tenant, guest, other = await make.tenant(), await make.user(), await make.user()
    raw = await invited(await sign_in(client, tenant.owner), settings, tenant, guest.email)

    with pytest.raises(InvitationForAnotherEmail):
        await accept(tenant_database, raw, other)
    await accept(tenant_database, raw, guest)


async def test_an_unconfirmed_address_accepts_nothing(
    client: httpx.AsyncClient, tenant_database: Database, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    raw = await invited(await sign_in(client, tenant.owner), settings, tenant, guest.email)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == guest.id).values(email_verified_at=None))

    with pytest.raises(EmailNotVerified):
        await accept(tenant_database, raw, guest)


@pytest.mark.parametrize("end", ["withdrawn", "too old", "sent again", "organization deleted", "made up"])
async def test_a_link_that_no_longer_works_says_one_thing(
    client: httpx.AsyncClient,
    tenant_database: Database,
    make: Factory,
    settings: Settings,
    database: Database,
    end: str,
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    raw = await invited(await sign_in(client, tenant.owner), settings, tenant, guest.email)
    one = f"{invitations(tenant)}/{(await client.get(invitations(tenant))).json()['items'][0]['id']}"
    async with database.sessions() as session, session.begin():
        if end == "too old":
            past = sa.func.now() - timedelta(seconds=1)
            await session.execute(sa.update(Invitation).where(Invitation.email == guest.email).values(expires_at=past))
        elif end == "organization deleted":
            gone = sa.update(Organization).where(Organization.id == tenant.organization.id)
            await session.execute(gone.values(deleted_at=sa.func.now()))
    if end == "withdrawn":
        assert (await client.delete(one)).status_code == 204
    elif end == "sent again":
        assert (await client.post(f"{one}/resend", json={})).status_code == 200
    elif end == "made up":
        raw = "x" * 43

    with pytest.raises(InvitationNotUsable):
        await accept(tenant_database, raw, guest)


async def test_sent_again_the_new_link_works(
    client: httpx.AsyncClient, tenant_database: Database, make: Factory, settings: Settings
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    first = await invited(await sign_in(client, tenant.owner), settings, tenant, guest.email)
    sent = (await client.get(invitations(tenant))).json()["items"][0]

    assert (await client.post(f"{invitations(tenant)}/{sent['id']}/resend", json={})).status_code == 200

    second = token_in((await mails(settings, guest.email, count=2))[1])
    assert second != first
    await accept(tenant_database, second, guest)


async def test_members_and_invited_addresses_are_not_invited_again(client: httpx.AsyncClient, make: Factory) -> None:
    tenant, to = await make.tenant(), address()
    await sign_in(client, tenant.owner)
    await client.post(invitations(tenant), json={"email": to})

    again = await client.post(invitations(tenant), json={"email": f" {to.upper()} "})
    member = await client.post(invitations(tenant), json={"email": tenant.owner.email})

    assert (again.status_code, again.json()["code"]) == (409, "already_invited")
    assert (member.status_code, member.json()["code"]) == (409, "already_member")


async def test_an_address_whose_invitation_is_too_old_is_invited_anew(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(), address()
    await invited(await sign_in(client, tenant.owner), settings, tenant, to)
    async with database.sessions() as session, session.begin():
        past = sa.func.now() - timedelta(seconds=1)
        await session.execute(sa.update(Invitation).where(Invitation.email == to).values(expires_at=past))

    answer = await client.post(invitations(tenant), json={"email": to})

    assert answer.status_code == 201
    assert [item["id"] for item in (await client.get(invitations(tenant))).json()["items"]] == [answer.json()["id"]]


async def test_an_admin_invites_no_owner_and_a_member_nobody(new_client: NewClient, make: Factory) -> None:
    tenant = await make.tenant()
    for role, invited_as in ((Role.ADMIN, "owner"), (Role.MEMBER, "member")):
        client = await sign_in(new_client(), await make.member(tenant.organization, role))
        answer = await client.post(invitations(tenant), json={"email": address(), "role": invited_as})
        assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")
    assert (await client.get(invitations(tenant))).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
        ({"email": "a\0@example.com"}, "email"),
        ({}, "email"),
        ({"email": "a@example.com", "role": "king"}, "role"),
        ({"email": "a@example.com", "organization_id": str(uuid4())}, "organization_id"),
    ],
)
async def test_a_wrong_invitation_names_its_field(
    client: httpx.AsyncClient, make: Factory, body: dict[str, str], field: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    answer = await client.post(invitations(tenant), json=body)

    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_names_are_plain_and_short_in_the_mail_to_a_stranger(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    name = '<img src=x onerror=alert(1)> "URGENT": verify at paypal-security.example.com now, or else lose everything'
    tenant, to = await make.tenant(name=name[:80]), address()
    async with database.sessions() as session, session.begin():
        # As accounts of earlier versions are named.
        named = {"name": "PayPal Security https://evil.example/login"}
        await session.execute(sa.update(User).where(User.id == tenant.owner.id).values(named))
    await invited(await sign_in(client, tenant.owner), settings, tenant, to)

    mail = (await Mailbox(settings, to).all())[0]
    page = mail.get_body(("html",))
    assert page is not None
    for text in (mail["Subject"], text_of(mail).split("http://localhost")[0], page.get_content()):
        assert "evil.example" not in text
        assert "paypal-security.example" not in text
        assert "<img" not in text
        assert "https:" not in text
    assert (
        mail["Subject"]
        == "PayPal Security https evil example login invites you to img src x onerror alert(1) URGENT verify"
    )


async def test_a_name_with_a_web_address_is_refused(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    for name in ("See http://evil.example", "www.evil.example", "evil.example/login", "evil．example/x"):
        answer = await client.patch(f"/api/organizations/{tenant.organization.id}", json={"name": name})
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
            400,
            "A name cannot contain a web address",
        )
    assert (
        await client.patch(f"/api/organizations/{tenant.organization.id}", json={"name": "Booking.com Ltd."})
    ).is_success


async def test_a_new_account_below_pro_invites_few_people_with_all_its_organizations(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    async with database.sessions() as session, session.begin():
        other = await OrganizationService(session).create(
            name="Second",
            slug=f"second-{tenant.organization.slug}",
            country="US",
            owner_id=tenant.owner.id,
            plan=Plan.STARTER,
        )
    await sign_in(client, tenant.owner)
    paths = [invitations(tenant), f"/api/organizations/{other.id}/invitations"]
    sent = [await client.post(paths[n % 2], json={"email": address()}) for n in range(6)]
    assert [answer.status_code for answer in sent] == [201] * 5 + [429]
    assert sent[-1].json()["detail"] == TOO_MANY_INVITATIONS
    async with database.sessions() as session, session.begin():
        month_ago = utc_now() - timedelta(days=30)
        await session.execute(sa.update(User).where(User.id == tenant.owner.id).values(created_at=month_ago))
    assert (await client.post(paths[0], json={"email": address()})).status_code == 201


async def test_one_mailbox_gets_few_invitations_from_all_organizations(new_client: NewClient, make: Factory) -> None:
    to, answers = address(), []
    for spelling in (to, to.upper(), to.replace("@", "+tag@"), to):
        tenant = await make.tenant()
        answers.append(
            await (await sign_in(new_client(), tenant.owner)).post(invitations(tenant), json={"email": spelling})
        )
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[-1].json()["detail"] == TOO_MANY_INVITATIONS, (
        "the sentence of one's own limit: it tells of nobody else"
    )


@pytest.mark.parametrize(
    ("limit", "key"), [(MAX_INVITATIONS_PER_DAY, "organization"), (MAX_INVITATIONS_PER_RECIPIENT_PER_DAY, "address")]
)
async def test_invitations_of_an_organization_and_to_an_address_are_limited(
    client: httpx.AsyncClient, make: Factory, limit: int, key: str
) -> None:
    tenant, to = await make.tenant(), address()
    await sign_in(client, tenant.owner)
    if key == "address":
        sent = (await client.post(invitations(tenant), json={"email": to})).json()["id"]
        answers = [await client.post(f"{invitations(tenant)}/{sent}/resend", json={}) for _ in range(limit)]
    else:
        # Refused ones count too, and cost no mail.
        answers = [await client.post(invitations(tenant), json={"email": f"no{n}@"}) for n in range(limit)]
        answers.append(await client.post(invitations(tenant), json={"email": address()}))

    assert 429 not in {answer.status_code for answer in answers[:-1]}
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) > 0
