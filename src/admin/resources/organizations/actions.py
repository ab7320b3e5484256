"""Staff actions on an organization: plan, suspension, invitations, phone numbers, regulatory bundle; and the list of
all actions on organizations.
"""

import re

from sqlalchemy.exc import IntegrityError

from admin.actions.staff_action import ActionContext, Field, StaffAction, staff_action
from admin.errors import NotAtOurCarrier, NumberAlreadyHeld
from admin.formatters import PLAN_OPTIONS, format_number
from admin.models import StaffRole
from admin.resources.organizations.limit_actions import end_new_account_rule, override_limit
from admin.resources.organizations.number_erasure import erase_number
from admin.rules import read_plan
from admin.state_sentences import live_calls_sentence, numbers_sentence, phones_sentence
from calls.models import Call
from carrier.port import CarrierError
from kit import audit
from kit.countries import countries, country_in_sentence
from kit.errors import Unavailable, ValidationFailed
from phone_numbers.address_rules import parse_bundle_sid
from phone_numbers.address_service import AddressService
from tenants.invitation_reports import InvitationReportService
from tenants.models import Organization
from tenants.services import OrganizationService

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def _is_deleted(organization: Organization) -> bool:
    return organization.deleted_at is not None


def _is_not_deleted(organization: Organization) -> bool:
    return organization.deleted_at is None


def _deleted_text(organization: Organization) -> str:
    return f"{organization.name} is deleted"


def _suspended_text(organization: Organization) -> str:
    if _is_deleted(organization):
        return _deleted_text(organization)
    return f"Already done: {organization.name} is suspended"


def _not_suspended_text(organization: Organization) -> str:
    if _is_deleted(organization):
        return _deleted_text(organization)
    return f"Already done: {organization.name} is not suspended"


def _not_paused_text(organization: Organization) -> str:
    if _is_deleted(organization):
        return _deleted_text(organization)
    return f"Already done: the invitations of {organization.name} are not paused"


@staff_action(
    "change-plan",
    "Change plan",
    role=StaffRole.OPERATOR,
    effect="The organization's members see the new plan at once. On Starter, phones stop placing new calls; live "
    "calls go on.",
    applies=_is_not_deleted,
    fields=[Field("plan", "New plan", PLAN_OPTIONS, initial=lambda organization: organization.plan.value)],
    is_destructive=False,
    already_done_text=_deleted_text,
)
async def change_plan(context: ActionContext[Organization]) -> str:
    plan, organization = read_plan(context.form["plan"]), context.record
    if plan is organization.plan:
        return f"{organization.name} is on the {plan.value.capitalize()} plan already: nothing changed."
    async with context.tenant_session(organization.id) as session:
        await OrganizationService(session).set_plan(organization.slug, plan, by=context.by)
        phones = await phones_sentence(session, organization.id)
    return f"{organization.name} is on the {plan.value.capitalize()} plan now. {phones}"


@staff_action(
    "suspend",
    "Suspend",
    role=StaffRole.OPERATOR,
    effect="Phones stop at once on every page, and live calls end within seconds. Members can still sign in and see "
    "why.",
    applies=lambda organization: organization.suspended_at is None and _is_not_deleted(organization),
    bulk_result="suspended",
    already_done_text=_suspended_text,
)
async def suspend(context: ActionContext[Organization]) -> str:
    async with context.tenant_session(context.record.id) as session:
        await OrganizationService(session).suspend(context.record.id, by=context.by)
        live = await live_calls_sentence(session, Call.owned_by(context.record.id), "being ended")
    return f"{context.record.name} is suspended. Its phones cannot call. {live}"


@staff_action(
    "restore",
    "Unsuspend",
    role=StaffRole.OPERATOR,
    effect="The suspension ends at once. Open pages get their phones back when they are reloaded.",
    applies=lambda organization: organization.suspended_at is not None and _is_not_deleted(organization),
    is_destructive=False,
    already_done_text=_not_suspended_text,
)
async def unsuspend(context: ActionContext[Organization]) -> str:
    async with context.tenant_session(context.record.id) as session:
        await OrganizationService(session).unsuspend(context.record.id, by=context.by)
        phones = await phones_sentence(session, context.record.id)
    return f"{context.record.name} is not suspended any more. {phones}"


@staff_action(
    "resume-invitations",
    "Resume invitations",
    role=StaffRole.OPERATOR,
    effect="Its admins can invite people again. Recipients who reported it still get no mail, and only new reports "
    "count towards the next pause.",
    applies=lambda organization: organization.invitations_paused_at is not None and _is_not_deleted(organization),
    is_destructive=False,
    already_done_text=_not_paused_text,
)
async def resume_invitations(context: ActionContext[Organization]) -> str:
    async with context.tenant_session(context.record.id) as session:
        await InvitationReportService(session).resume(context.record.id, by=context.by)
    return f"Invitations are on for {context.record.name}: its admins can invite people now."


@staff_action(
    "adopt-number",
    "Adopt a number",
    role=StaffRole.OPERATOR,
    effect="Gives this organization a number that is in our carrier account and that no organization uses.",
    applies=_is_not_deleted,
    fields=[Field("number", "Number", hint="Like +14155550123")],
    is_destructive=False,
)
async def adopt_number(context: ActionContext[Organization]) -> str:
    organization_id, e164 = context.record.id, context.form["number"].strip()
    if not _NUMBER.fullmatch(e164):
        raise ValidationFailed([("number", "Enter a phone number, like +14155550123")])
    try:
        owned = await context.back_office.carrier.owned_numbers(e164=e164)
    except CarrierError as error:
        raise Unavailable from error
    sid = next((number.sid for number in owned if number.e164 == e164), None)
    if sid is None:
        raise NotAtOurCarrier
    try:
        async with context.tenant_session(organization_id) as session:
            number = await OrganizationService(session).add_phone_number(organization_id, e164, carrier_sid=sid)
            await audit.record(
                session,
                context.by,
                "phone_number.adopted",
                organization_id=organization_id,
                subject_id=number.id,
                subject_name=e164,
            )
            numbers = await numbers_sentence(session, organization_id)
    except IntegrityError as error:
        raise NumberAlreadyHeld from error
    return f"{format_number(e164)} belongs to {context.record.name}. {numbers}"


@staff_action(
    "set-bundle",
    "Set a regulatory bundle",
    role=StaffRole.OPERATOR,
    effect="From now on this organization buys numbers of the country with these identity documents. First create "
    "the bundle in the carrier's console from the customer's documents, and wait until it is approved. Leave the field "
    "empty to remove the stored bundle.",
    applies=_is_not_deleted,
    fields=[
        Field("country", "Country", [*countries().items()]),
        Field("bundle", "Bundle", hint="The carrier's id: BU and 32 digits from 0 to f"),
    ],
    is_destructive=False,
)
async def set_bundle(context: ActionContext[Organization]) -> str:
    country, typed = context.form["country"], context.form["bundle"].strip()
    if country not in countries():
        raise ValidationFailed([("country", "Choose a country from the list")])
    sid = parse_bundle_sid(typed) if typed else None
    async with context.tenant_session(context.record.id) as session:
        await AddressService(session).set_bundle(context.record.id, country, sid, by=context.by)
    name, country_name = context.record.name, country_in_sentence(country)
    if sid is None:
        return f"{name} has no bundle for {country_name} now. Numbers there that need a bundle cannot be bought."
    return f"{name} buys numbers in {country_name} with the bundle {sid} from now on."


ORGANIZATION_ACTIONS: tuple[StaffAction, ...] = (
    change_plan,
    suspend,
    unsuspend,
    override_limit,
    end_new_account_rule,
    adopt_number,
    set_bundle,
    resume_invitations,
    erase_number,
)
