"""Reports of invitations by their recipients: the link and its page, what a report blocks, what staff see."""

import re
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from admin.models import StaffRole
from conftest import NewClient
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.encryption import Encryptor
from kit.log import redact
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.factories import Factory, Tenant, sign_in
from support.mailbox import Mailbox, text_of
from support.page_session import form_token, post_form
from support.staff import make_staff, perform_action, sign_in_to_back_office
from tenants.errors import InvitationsDeclined, InvitationsPaused
from tenants.invitation_reports import REPORTS_ALERT, REPORTS_PAUSE
from tenants.models import Invitation, InvitationReport, Membership, Role

pytestmark = pytest.mark.anyio
_LINK = re.compile(r": http://localhost:\d+(/invitations/report/[A-Za-z0-9_-]+)\s")


def address() -> str:
    return f"guest-{uuid4().hex[:12]}@example.com"


async def invite(owner: httpx.AsyncClient, organization_id: UUID, to: str) -> httpx.Response:
    return await owner.post(f"/api/organizations/{organization_id}/invitations", json={"email": to})


async def report_link(settings: Settings, to: str, *, count: int = 1) -> str:
    """The path of the report link in the last of ``count`` mails to ``to``."""
    found = _LINK.findall(text_of((await Mailbox(settings, to).all(count))[count - 1]))
    assert len(found) == 1
    link: str = found[0]
    return link


async def invited(owner: httpx.AsyncClient, settings: Settings, tenant: Tenant, to: str) -> str:
    """Invite ``to``; return the report link of the mail."""
    answer = await invite(owner, tenant.organization.id, to)
    assert answer.status_code == 201, answer.text
    return await report_link(settings, to)


async def report(visitor: httpx.AsyncClient, link: str) -> str:
    """Press the button of the report page; return the page that follows."""
    answer = await post_form(visitor, link, link, {})
    assert (answer.status_code, answer.headers.get("location")) == (303, link), answer.text
    return (await visitor.get(link)).text


async def stored_invitation(database: Database, to: str) -> Invitation:
    async with database.sessions() as session:
        return (await session.scalars(sa.select(Invitation).where(Invitation.email == to))).one()


async def events(database: Database, organization_id: UUID) -> list[str]:
    async with database.sessions() as session:
        mine = sa.select(AuditEvent.action).where(AuditEvent.organization_id == organization_id)
        return list(await session.scalars(mine.order_by(AuditEvent.id)))


async def test_the_page_says_who_invited_whom_and_changes_nothing_until_the_button_is_pressed(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(name="Acme Realty"), address()
    owner, scanner = await sign_in(new_client(), tenant.owner), new_client()
    link = await invited(owner, settings, tenant, to)

    for _ in range(2):
        page = await scanner.get(link)
    await scanner.head(link)

    assert page.status_code == 200
    assert "Acme Realty" in page.text
    assert "g***@example.com" in page.text
    assert to not in page.text
    assert tenant.owner.email not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert (await stored_invitation(database, to)).revoked_at is None
    assert await events(database, tenant.organization.id) == ["invitation.sent"]


async def test_a_post_without_the_pages_token_is_refused(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(), address()
    link = await invited(await sign_in(new_client(), tenant.owner), settings, tenant, to)
    victim, attacker = new_client(), new_client()
    token_of_attacker = form_token((await attacker.get(link)).text)
    await victim.get(link)

    for fields in ({}, {"csrf_token": token_of_attacker}):
        answer = await victim.post(link, data=fields)
        assert answer.status_code == 403, answer.text
    assert (await stored_invitation(database, to)).revoked_at is None


async def test_a_report_withdraws_the_invitation_and_blocks_organization_and_inviter(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, other, to = await make.tenant(), await make.tenant(), address()
    colleague = await sign_in(new_client(), await make.member(tenant.organization, Role.ADMIN))
    owner = await sign_in(new_client(), tenant.owner)
    link = await invited(owner, settings, tenant, to)
    mailed = await Mailbox(settings, to).link()

    shown = await report(new_client(), link)

    assert "Reported" in shown
    assert (await stored_invitation(database, to)).revoked_at is not None
    assert (await new_client().get(mailed)).status_code == 404
    assert await events(database, tenant.organization.id) == ["invitation.sent", "invitation.reported"]
    local, domain = to.split("@")
    for client, spelling in ((owner, to), (owner, f"{local.upper()}+again@{domain}"), (colleague, to)):
        answer = await invite(client, tenant.organization.id, spelling)
        assert (answer.status_code, answer.json()["code"]) == (409, InvitationsDeclined.code)
    # The same person, from another organization of theirs.
    second = (await make.tenant()).organization.id
    async with database.sessions() as session, session.begin():
        session.add(Membership(organization_id=second, user_id=tenant.owner.id, role=Role.OWNER))
    answer = await invite(owner, second, to)
    assert (answer.status_code, answer.json()["code"]) == (409, InvitationsDeclined.code)
    assert (await invite(owner, second, address())).status_code == 201
    # Others may invite the address, and the reporting organization may invite others.
    assert (await invite(await sign_in(new_client(), other.owner), other.organization.id, to)).status_code == 201
    assert (await invite(owner, tenant.organization.id, address())).status_code == 201
    assert len(await Mailbox(settings, to).all(2)) == 2


async def test_the_form_of_the_team_page_says_so_too(new_client: NewClient, make: Factory, settings: Settings) -> None:
    tenant, to = await make.tenant(), address()
    owner = await sign_in(new_client(), tenant.owner)
    await report(new_client(), await invited(owner, settings, tenant, to))
    page = f"/dashboard/{tenant.organization.slug}/settings"

    refused = await post_form(owner, f"{page}/team", f"{page}/invitations", {"email": to, "role": "member"})

    assert "The recipient does not want invitations from you" in refused.text


async def test_a_second_report_changes_nothing(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(), address()
    owner, visitor = await sign_in(new_client(), tenant.owner), new_client()
    link = await invited(owner, settings, tenant, to)
    token = form_token((await visitor.get(link)).text)

    for _ in range(3):
        answer = await visitor.post(link, data={"csrf_token": token})
        assert answer.status_code == 303

    assert await events(database, tenant.organization.id) == ["invitation.sent", "invitation.reported"]


async def test_a_withdrawn_invitation_and_an_older_link_can_still_be_reported(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(), address()
    owner = await sign_in(new_client(), tenant.owner)
    link = await invited(owner, settings, tenant, to)
    invitation = await stored_invitation(database, to)
    path = f"/api/organizations/{tenant.organization.id}/invitations/{invitation.id}"
    assert (await owner.post(f"{path}/resend", json={})).status_code == 200
    assert (await owner.delete(path)).status_code == 204

    assert "Reported" in await report(new_client(), link)
    assert (await invite(owner, tenant.organization.id, to)).json()["code"] == InvitationsDeclined.code


async def test_a_report_withdraws_the_invitations_to_other_addresses_of_the_mailbox(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(), address()
    owner, also_to = await sign_in(new_client(), tenant.owner), to.replace("@", "+two@")
    link = await invited(owner, settings, tenant, to)
    assert (await invite(owner, tenant.organization.id, also_to)).status_code == 201

    await report(new_client(), link)

    assert (await stored_invitation(database, also_to)).revoked_at is not None


async def test_links_that_are_unknown_or_too_old_say_what_to_do(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, other, to = await make.tenant(), await make.tenant(), address()
    visitor = new_client()
    link = await invited(await sign_in(new_client(), tenant.owner), settings, tenant, to)
    invitation = await stored_invitation(database, to)
    encryptor = Encryptor(settings.secret_keys, "invitation-report")
    forged = (
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        "/invitations/report/" + "x" * 140,
        "/invitations/report/%00",
        "/invitations/report/" + Encryptor(SecretKeys("another secret"), "invitation-report").encrypt(b"x" * 32),
        "/invitations/report/" + encryptor.encrypt(b"short"),
        # An invitation of one organization under the name of another.
        "/invitations/report/" + encryptor.encrypt(other.organization.id.bytes + invitation.id.bytes),
        "/invitations/report/" + encryptor.encrypt(uuid4().bytes + uuid4().bytes),
    )
    csrf = form_token((await visitor.get(link)).text)
    for path in forged:
        for answer in (await visitor.get(path), await visitor.post(path, data={"csrf_token": csrf})):
            assert answer.status_code == 404, path
            assert "This link no longer works" in answer.text
            assert "the newest mail" in answer.text
    assert (await stored_invitation(database, to)).revoked_at is None

    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(Invitation).where(Invitation.id == invitation.id))
    assert (await visitor.get(link)).status_code == 404


async def test_many_recipients_pause_the_invitations_until_staff_resume_them(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    owner = await sign_in(new_client(), tenant.owner)
    organization_id = tenant.organization.id

    with capture_logs() as logs:
        for number in range(1, REPORTS_PAUSE + 1):
            assert (await invite(owner, organization_id, address())).status_code == 201
            await report(new_client(), await invited(owner, settings, tenant, address()))
            own = [line["event"] for line in logs if line.get("organization") == str(organization_id)]
            assert own.count("invitations_reported") == (number >= REPORTS_ALERT)
            assert own.count("invitations_paused") == (number == REPORTS_PAUSE)

    answer = await invite(owner, organization_id, address())
    assert (answer.status_code, answer.json()["code"]) == (409, InvitationsPaused.code)
    open_ones = (await owner.get(f"/api/organizations/{organization_id}/invitations")).json()["items"]
    path = f"/api/organizations/{organization_id}/invitations/{open_ones[0]['id']}/resend"
    assert (await owner.post(path, json={})).json()["code"] == InvitationsPaused.code
    # Another organization's invitations go on.
    assert (await invite(await sign_in(new_client(), other.owner), other.organization.id, address())).status_code == 201

    staff = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.OPERATOR))
    listed = (await staff.client.get("/admin/organization/list?status=invitations_paused")).text
    assert str(organization_id) in listed
    assert str(other.organization.id) not in listed
    reports = (await staff.client.get(f"/admin/invitation-report/list?organization_id={organization_id}")).text
    assert tenant.owner.email in reports
    assert f">{REPORTS_PAUSE}<" in re.sub(r"\s", "", reports)
    done = await perform_action(
        staff, f"/admin/organization/{organization_id}/do/resume-invitations", reason="Settled by phone"
    )
    assert done.status_code == 303

    declined = await reported_address(database, organization_id)
    assert (await invite(owner, organization_id, address())).status_code == 201
    assert (await invite(owner, organization_id, declined)).json()["code"] == InvitationsDeclined.code
    # Only new reports count.
    await report(new_client(), await invited(owner, settings, tenant, address()))
    assert (await invite(owner, organization_id, address())).status_code == 201
    named = await events(database, organization_id)
    assert named.count("organization.invitations_paused") == named.count("organization.invitations_resumed") == 1


async def reported_address(database: Database, organization_id: UUID) -> str:
    """The recipient of a reported invitation."""
    query = sa.select(Invitation.email).join(InvitationReport, InvitationReport.invitation_id == Invitation.id)
    async with database.sessions() as session:
        found: str = (await session.scalars(query.where(InvitationReport.owned_by(organization_id)).limit(1))).one()
        return found


async def test_a_dismissed_report_lets_the_address_be_invited_again(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, to = await make.tenant(), address()
    owner = await sign_in(new_client(), tenant.owner)
    link = await invited(owner, settings, tenant, to)
    await report(new_client(), link)
    async with database.sessions() as session:
        mine = sa.select(InvitationReport.id).where(InvitationReport.owned_by(tenant.organization.id))
        report_id = (await session.scalars(mine)).one()
    staff = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.OPERATOR))

    done = await perform_action(staff, f"/admin/invitation-report/{report_id}/do/dismiss", reason="Pressed by mistake")
    assert done.status_code == 303, done.text

    assert (await invite(owner, tenant.organization.id, to)).status_code == 201
    assert (await events(database, tenant.organization.id))[-2:] == ["invitation.report_dismissed", "invitation.sent"]


async def test_reports_of_others_are_not_seen(
    new_client: NewClient, make: Factory, settings: Settings, tenant_database: Database
) -> None:
    tenant, other, to = await make.tenant(), await make.tenant(), address()
    await report(new_client(), await invited(await sign_in(new_client(), tenant.owner), settings, tenant, to))

    async def seen(organization_id: UUID | None, user_id: UUID | None = None) -> int:
        async with tenant_database.tenant_session(organization_id, user_id) as session:
            reports = sa.select(sa.func.count()).select_from(InvitationReport)
            return await session.scalar(reports) or 0

    assert await seen(tenant.organization.id) == 1
    assert await seen(None, tenant.owner.id) == 1
    assert await seen(None) == await seen(other.organization.id, other.owner.id) == 0


def test_logs_do_not_contain_the_token() -> None:
    assert redact("GET /invitations/report/gAAAAABo-x_y 500") == "GET /invitations/report/… 500"
