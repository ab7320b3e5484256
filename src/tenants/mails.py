"""Mails about organizations."""

from collections.abc import Awaitable, Callable, Sequence

from kit.http.app_key import AppKey
from kit.mail import Mail
from kit.settings import Settings
from kit.text import plain_name
from kit.time_zones import local_day
from tenants.invitation_reports import ReportLinks
from tenants.invitations import INVITATION_LIFETIME, SentInvitation
from tenants.models import Organization
from tenants.services import restorable_until

REPORT_LABEL = "You did not expect this? Report it and stop mails from this organization"


def invitation_mail(sent: SentInvitation, *, inviter: str, settings: Settings) -> Mail:
    """The invitation; the same for addresses with and without an account.

    Of all mails only this one goes to people who have no account or did not join, with words that a customer chose.
    """
    public_url = settings.public_url
    report = ReportLinks(settings.secret_keys).token_for(sent.invitation)
    role, days = sent.invitation.role.with_article, INVITATION_LIFETIME.days
    # Strangers chose these names, and a stranger reads them.
    person, organization = (
        plain_name(inviter, otherwise="Somebody"),
        plain_name(sent.organization_name, otherwise="a team"),
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
"""Returns the addresses of the staff who may answer an upgrade request."""


def upgrade_request_mails(organization: Organization, *, to: Sequence[str], by: str, public_url: str) -> Sequence[Mail]:
    """The request for a bigger plan, to each of the staff who may answer it."""
    return [
        Mail(
            to=address,
            subject=f"{organization.name} asks for a bigger plan",
            paragraphs=(
                f"{by} asks for a bigger plan for {organization.name}, which has the plan {organization.plan.value}.",
                "Approve or decline it in the back office; the owner gets a mail either way.",
            ),
            action=("Answer the request", f"{public_url}/admin"),
        )
        for address in to
    ]


def upgrade_answer_mail(organization: Organization, *, to: str, approved: bool, public_url: str) -> Mail:
    """The answer to a request for a bigger plan, to one owner."""
    name, plan = organization.name, organization.plan.value
    if approved:
        subject, said = f"{name} has a new plan", f"{name} has the plan {plan} now. It holds from this moment on."
    else:
        subject, said = f"About your upgrade of {name}", f"We cannot upgrade {name} now; it keeps the plan {plan}."
    return Mail(
        to=to,
        subject=subject,
        paragraphs=(said, "Answer to our support if you have a question about it."),
        action=("Open the dashboard", f"{public_url}/dashboard/{organization.slug}"),
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
