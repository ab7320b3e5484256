"""The deeds behind the actions: each calls the services that customers' own requests call, in their transactions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError

from accounts import mails
from accounts.services import UserService
from admin.back_office import BackOffice
from admin.errors import NotAtOurCarrier, NumberHeld
from admin.formatters import limit_name
from admin.models import StaffRole
from admin.rules import read_last_day
from admin.services import StaffService
from calls.limits.limit_alerts import AlertService
from calls.limits.limit_names import DEFAULT_LIMITS, is_overridable
from calls.limits.overrides import LimitOverrideService
from calls.termination import END_CALL
from carrier.port import CarrierError
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.e164 import masked, readable
from kit.errors import Unavailable, ValidationFailed
from kit.http.forms import Form
from kit.jobs.queue import follow_up
from kit.mail import Mail
from privacy.messages import describe_finished_erasure, describe_planned_erasure
from privacy.number_erasure import parse_number_to_erase
from tenants.invitations import InvitationService, ensure_may_send_invitation
from tenants.mails import invitation_mail, upgrade_answer_mail
from tenants.members import MemberService
from tenants.models import Role
from tenants.plans import Plan
from tenants.services import OrganizationService
from tenants.upgrades import UpgradeRequestService
from widget.services import EmbedTokenService

_DIGITS = 10
KEEP_BLOCKED, UNBLOCK = "keep", "unblock"


class Deed(NamedTuple):
    """Who does what to which row; the reason travels with ``by``."""

    office: BackOffice
    row: Any
    form: Form
    by: Actor


async def change_plan(deed: Deed) -> str:
    plan = _plan(deed.form)
    async with deed.office.database.tenant_session(deed.row.id) as session:
        await OrganizationService(session).set_plan(deed.row.slug, plan, by=deed.by)
    return f"The plan is {plan.value} now."


async def suspend(deed: Deed) -> str:
    async with deed.office.database.tenant_session(deed.row.id) as session:
        await OrganizationService(session).suspend(deed.row.id, by=deed.by)
    return "Suspended. Phones have stopped; live calls end within seconds."


async def restore(deed: Deed) -> str:
    async with deed.office.database.tenant_session(deed.row.id) as session:
        await OrganizationService(session).unsuspend(deed.row.id, by=deed.by)
    return "Restored. Phones work again."


async def adopt_number(deed: Deed) -> str:
    e164 = deed.form["number"].strip()
    try:
        listed = [owned for owned in await deed.office.carrier.owned_numbers(e164=e164) if owned.e164 == e164]
    except CarrierError as error:
        raise Unavailable from error
    if not listed:
        raise NotAtOurCarrier
    try:
        async with deed.office.database.tenant_session(deed.row.id) as session:
            number = await OrganizationService(session).add_phone_number(deed.row.id, e164, carrier_sid=listed[0].sid)
            await record(
                session,
                deed.by,
                "phone_number.adopted",
                organization_id=deed.row.id,
                subject_id=number.id,
                subject_name=e164,
            )
    except IntegrityError as error:
        raise NumberHeld from error
    return f"{e164} is this organization's now."


async def look_for_number(deed: Deed) -> Sequence[str]:
    number = _number_to_erase(deed)
    async with deed.office.database.tenant_session(deed.row.id) as session:
        found = await deed.office.number_erasure.count(session, deed.row.id, number, deed.row.country)
    if not (said := describe_planned_erasure(found)):
        raise ValidationFailed([("number", "No call has this number: it was never called, or is erased already")])
    if found.is_blocked:
        is_kept = deed.form["block_list"] == KEEP_BLOCKED
        said = [*said, "It stays on the block list." if is_kept else "It is taken off the block list."]
    return [f"This is about {readable(number)}.", *said, "This cannot be undone."]


async def erase_number(deed: Deed) -> str:
    number, unblock = _number_to_erase(deed), deed.form["block_list"] == UNBLOCK
    async with deed.office.database.tenant_session(deed.row.id) as session:
        erased = await deed.office.number_erasure.erase(
            session, deed.row.id, number, deed.row.country, by=deed.by, unblock=unblock
        )
    return describe_finished_erasure(erased)


async def raise_limit(deed: Deed) -> str:
    name, value = deed.form["limit"], deed.form["value"].strip()
    if name not in DEFAULT_LIMITS:
        raise ValidationFailed([("limit", "Choose a limit from the list")])
    if not (value.isascii() and value.isdecimal() and is_overridable(name, int(value[: _DIGITS + 1]))):
        raise ValidationFailed([("value", "Give a whole number from 0 to 2147483647")])
    ends_at = read_last_day(deed.form["until"], utc_now())
    # No request of customers' may write overrides: staff's own role does.
    async with deed.office.reading.tenant_session(None, deed.by.id) as session:
        await LimitOverrideService(session).set(
            deed.row.id, name, int(value), ends_at=ends_at, reason=deed.by.reason, by=deed.by
        )
    return f"{limit_name(name)}: {int(value):,} until the end of {deed.form['until'].strip()} (UTC)."


async def end_override(deed: Deed) -> str:
    async with deed.office.reading.tenant_session(None, deed.by.id) as session:
        await LimitOverrideService(session).end(deed.row.id, by=deed.by)
    return "Ended. The plan's limit holds again."


async def resolve_alert(deed: Deed) -> str:
    async with deed.office.reading.tenant_session(None, deed.by.id) as session:
        await AlertService(session).resolve(deed.row.id, by=deed.by)
    return "Marked as seen."


async def revoke(deed: Deed) -> str:
    async with deed.office.database.tenant_session(deed.row.organization_id) as session:
        await EmbedTokenService(session).revoke(deed.row.organization_id, deed.row.id, by=deed.by)
    return "Token revoked. Phones using it stop at once."


async def end_call(deed: Deed) -> str:
    row = deed.row
    async with deed.office.database.tenant_session(row.organization_id) as session:
        place = {"organization_id": row.organization_id, "subject_id": row.id, "subject_name": masked(row.to_number)}
        await record(session, deed.by, "call.cut_off", **place)
        # Asked of the carrier until it says that the call is over, whatever becomes of this process.
        follow_up(session, END_CALL, row.id)
    return "The call is being cut off."


async def release_number(deed: Deed) -> str:
    await deed.office.number_desk.releaser.release(deed.row.organization_id, deed.row.id, by=deed.by)
    return "Number released."


async def resend_invitation(deed: Deed) -> str:
    row, office = deed.row, deed.office
    await ensure_may_send_invitation(office.database, row.organization_id, row.email)
    async with office.database.tenant_session(row.organization_id) as session:
        sent = await InvitationService(session).resend(row.organization_id, row.id, by=deed.by, inviter_role=Role.OWNER)
        mail = invitation_mail(sent, inviter=sent.organization_name, public_url=office.settings.public_url)
        office.mailer.send_after_commit(session, mail)
    return "A new invitation is on its way."


async def disable_user(deed: Deed) -> str:
    async with deed.office.database.tenant_session(None, deed.by.id) as session:
        await UserService(session).disable(deed.row.id, by=deed.by)
    return "Disabled and signed out everywhere."


async def enable_user(deed: Deed) -> str:
    async with deed.office.database.tenant_session(None, deed.by.id) as session:
        await UserService(session).enable(deed.row.id, by=deed.by)
    return "Enabled. They can sign in again."


async def reset_second_factor(deed: Deed) -> str:
    office = deed.office
    async with office.database.tenant_session(None, deed.by.id) as session:
        user = await UserService(session).reset_second_factor(deed.row.id, office.accounts.second_factor, by=deed.by)
        forgot = f"{office.settings.public_url}/forgot-password"
        mail = mails.second_factor_changed(user.email, "switched off by our staff, on request", forgot)
        office.mailer.send_after_commit(session, mail)
    return "Second factor reset; a mail tells them."


async def approve_upgrade(deed: Deed) -> str:
    plan = _plan(deed.form)
    await _answer(deed, plan)
    return f"Approved: the plan is {plan.value} now. The owners get a mail."


async def decline_upgrade(deed: Deed) -> str:
    await _answer(deed, None)
    return "Declined. The owners get a mail."


async def change_staff_role(deed: Deed) -> str:
    role = next((role for role in StaffRole if role.value == deed.form["role"]), None)
    if role is None:
        raise ValidationFailed([("role", "Choose a role from the list")])
    async with deed.office.reading.tenant_session(None, deed.by.id) as session:
        await StaffService(session).change_role(deed.row.id, role, by=deed.by)
    return f"The role is {role.value} now."


async def disable_staff(deed: Deed) -> str:
    async with deed.office.reading.tenant_session(None, deed.by.id) as session:
        await StaffService(session).disable(deed.row.id, by=deed.by)
    return "Disabled and signed out everywhere."


async def reset_staff_second_factor(deed: Deed) -> str:
    async with deed.office.reading.tenant_session(None, deed.by.id) as session:
        factor = deed.office.accounts.second_factor
        await StaffService(session).reset_second_factor(deed.row.id, factor, by=deed.by)
    return "Second factor reset. They enrol a new app at their next sign-in."


async def _answer(deed: Deed, plan: Plan | None) -> None:
    """Answer an upgrade request, with ``plan`` or with no, and mail the owners."""
    office, organization_id = deed.office, deed.row.organization_id
    async with office.database.tenant_session(organization_id) as session:
        organization = await OrganizationService(session).get(organization_id)
        await UpgradeRequestService(session).resolve(
            organization_id, deed.row.id, approved=plan is not None, by=deed.by
        )
        if plan is not None:
            await OrganizationService(session).set_plan(organization.slug, plan, by=deed.by)
        for owner in await MemberService(session).list_owners(organization_id):
            mail: Mail = upgrade_answer_mail(
                organization, to=owner.email, approved=plan is not None, public_url=office.settings.public_url
            )
            office.mailer.send_after_commit(session, mail)


def _number_to_erase(deed: Deed) -> str:
    if deed.form["block_list"] not in (KEEP_BLOCKED, UNBLOCK):
        raise ValidationFailed([("block_list", "Choose from the list")])
    return parse_number_to_erase(deed.form["number"], deed.row.country)


def _plan(form: Form) -> Plan:
    try:
        return Plan(form["plan"])
    except ValueError as error:
        raise ValidationFailed([("plan", "Choose a plan from the list")]) from error
