"""Texts of the mails about organizations: invitations, upgrade requests, deletion."""

from collections.abc import Awaitable, Callable, Sequence

from kit.http.app_key import AppKey
from kit.mail import Mail
from kit.settings import Settings
from kit.text import plain_name
from kit.time_zones import local_day
from tenants.invitation_reports import ReportLinks
from tenants.invitations import INVITATION_LIFETIME, SentInvitation
from tenants.models import Organization
from tenants.plans import UPGRADE_PLAN, Plan
from tenants.services import restorable_until

REPORT_LABEL = "You did not expect this? Report it and stop mails from this organization"


def invitation_mail(sent: SentInvitation, *, inviter: str, settings: Settings) -> Mail:
    """The mail of an invitation; the same for recipients with and without an account.

    Only this mail brings text that a customer chose to people who have not joined the customer's organization.
    """
    public_url = settings.public_url
    report = ReportLinks(settings.secret_keys).token_for(sent.invitation)
    role, days = sent.invitation.role.with_article, INVITATION_LIFETIME.days
    # The recipient may not know the people who chose these names.
    person, organization = (
        plain_name(inviter, fallback="Somebody"),
        plain_name(sent.organization_name, fallback="a team"),
    )
    return Mail(
        to=sent.invitation.email,
        subject=f"{person} invites you to {organization}",
        paragraphs=(
            f"{person} invites you to join {organization} on Epoch Voice as {role}.",
            f"The link works for {days} days. If you expected no invitation, you can ignore this mail.",
        ),
        action=("See the invitation", f"{public_url}/invitations/{sent.raw}"),
        second_action=(REPORT_LABEL, f"{public_url}/invitations/report/{report}"),
    )


UPGRADE_REQUEST_RECIPIENTS: AppKey[Callable[[], Awaitable[Sequence[str]]]] = AppKey("upgrade_request_recipients")
"""The function that returns the e-mail addresses of the staff who may answer an upgrade request."""


def describe_requested_plan(organization: Organization, owners: Sequence[str]) -> str:
    """The sentences about the organization's plan while a request for the bigger plan is open."""
    requested, present = _plan_name(UPGRADE_PLAN), _plan_name(organization.plan)
    return (
        f"{requested} is requested. {organization.name} stays on {present} until we approve it;"
        f" we answer by mail to {' and '.join(owners)}."
    )


def upgrade_request_mails(
    organization: Organization, *, to: Sequence[str], by: str, settings: Settings
) -> Sequence[Mail]:
    """The mails about a request for the bigger plan, to each of the staff who may answer it."""
    requested = f"{_plan_name(UPGRADE_PLAN)}{_price_in_brackets(UPGRADE_PLAN, settings)}"
    return [
        Mail(
            to=email,
            subject=f"{organization.name} asks for {_plan_name(UPGRADE_PLAN)}",
            paragraphs=(
                f"{by} asks for {requested} for {organization.name}, which is on {_plan_name(organization.plan)}.",
                "Approve or decline it in the back office; the owners get a mail either way.",
            ),
            action=("Answer the request", f"{settings.public_url}/admin"),
        )
        for email in to
    ]


def upgrade_requested_mail(organization: Organization, *, owners: Sequence[str], settings: Settings) -> Mail:
    """The confirmation of a request, to all owners."""
    return Mail(
        to=tuple(owners),
        subject=f"{_plan_name(UPGRADE_PLAN)} is requested for {organization.name}",
        paragraphs=(
            describe_requested_plan(organization, owners),
            f"The price of {_plan_name(UPGRADE_PLAN)} is {_monthly_price(UPGRADE_PLAN, settings)}.",
        ),
        action=("Compare the plans", f"{settings.public_url}/plans"),
    )


def upgrade_answer_mail(organization: Organization, *, to: str, approved: bool, settings: Settings) -> Mail:
    """The answer to a request for a bigger plan, to one owner."""
    name, plan = organization.name, _plan_name(organization.plan)
    if approved:
        subject = f"{name} is on {plan} now"
        price = _price_in_brackets(organization.plan, settings)
        answer = f"{name} is on {plan}{price} from now on: get a number and call."
    else:
        subject, answer = f"About your upgrade of {name}", f"We cannot upgrade {name} now; it stays on {plan}."
    return Mail(
        to=to,
        subject=subject,
        paragraphs=(answer,),
        action=("Open the dashboard", f"{settings.public_url}/dashboard/{organization.slug}"),
    )


def deletion_mail(organization: Organization, *, to: str, by: str, public_url: str) -> Mail:
    """The notice of a deletion, to one owner."""
    last_day = local_day(restorable_until(organization), organization.zone)
    return Mail(
        to=to,
        subject=f"{organization.name} was deleted",
        paragraphs=(
            f"{by} deleted {organization.name} on Epoch Voice. Its phones stopped at once.",
            f"You can restore it until {last_day:%B} {last_day.day}, {last_day.year} ({organization.zone.key}).",
            "After that its numbers are released and its data is erased.",
        ),
        action=("Restore the organization", f"{public_url}/dashboard/new"),
    )


def _plan_name(plan: Plan) -> str:
    return plan.value.capitalize()


def _monthly_price(plan: Plan, settings: Settings) -> str:
    price = settings.plan_prices.get(plan.value)
    return f"not listed: ask {settings.contact}" if price is None else f"{price} a month"


def _price_in_brackets(plan: Plan, settings: Settings) -> str:
    price = settings.plan_prices.get(plan.value)
    return "" if price is None else f" ({price} a month)"
