"""Request for a bigger plan: the offer on pages of organizations whose plan has no widgets, and its form."""

from collections.abc import Sequence

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import SettingsRequest
from kit.http.app_key import MAILER, SETTINGS
from kit.http.forms import read_form
from kit.money import Money
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.mails import (
    UPGRADE_REQUEST_RECIPIENTS,
    describe_requested_plan,
    upgrade_request_mails,
    upgrade_requested_mail,
)
from tenants.members import MemberService
from tenants.models import Role, UpgradeRequest
from tenants.plans import UPGRADE_PLAN
from tenants.services import OrganizationService
from tenants.settings_paths import SettingsSection, settings_path
from tenants.upgrades import UpgradeRequestService


class UpgradeOffer(msgspec.Struct, frozen=True):
    """The bigger plan as a page offers it."""

    plan: str
    price: Money | None
    """Price per month; None where the settings name none."""
    is_owner: bool
    requested: UpgradeRequest | None
    """The open request."""
    owners: Sequence[str]
    """Addresses that get the answer."""


async def upgrade_offer(request: SettingsRequest, session: AsyncSession, who: MemberAuth) -> UpgradeOffer:
    """The offer for an organization whose plan has no widgets."""
    return UpgradeOffer(
        plan=UPGRADE_PLAN.value.capitalize(),
        price=SETTINGS.get(request.app).plan_prices.get(UPGRADE_PLAN.value),
        is_owner=who.role is Role.OWNER,
        requested=await UpgradeRequestService(session).get_open(who.organization_id),
        owners=[owner.email for owner in await MemberService(session).list_owners(who.organization_id)],
    )


@post("/dashboard/{slug:str}/settings/upgrade", guards=[requires_membership, requires_role(Role.OWNER)])
async def request_upgrade(
    request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
) -> Response[str]:
    """Request the bigger plan; a second request while one is open changes nothing."""
    await read_form(request)
    who, settings = current_member(request), SETTINGS.get(request.app)
    is_new = await UpgradeRequestService(db_session).create(who.organization_id, by=who.actor)
    organization = await OrganizationService(db_session).get(who.organization_id)
    owners = [owner.email for owner in await MemberService(db_session).list_owners(who.organization_id)]
    state = describe_requested_plan(organization, owners)
    if is_new:
        staff = await UPGRADE_REQUEST_RECIPIENTS.get(request.app)()
        mails = upgrade_request_mails(organization, to=staff, by=who.actor.name, settings=settings)
        for mail in (*mails, upgrade_requested_mail(organization, owners=owners, settings=settings)):
            await MAILER.get(request.app).send_after_commit(db_session, mail)
    return redirect(request, settings_path(slug, SettingsSection.WIDGET), state if is_new else f"Nothing new: {state}")
