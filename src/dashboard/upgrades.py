"""Upgrade requests: the offer of a bigger plan to organizations whose plan has no widgets, and its form."""

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
    """The offer of a bigger plan on a page."""

    plan: str
    price: Money | None
    """Price per month; None if the settings have none."""
    is_owner: bool
    open_request: UpgradeRequest | None
    owners: Sequence[str]
    """E-mail addresses of the owners, who get the answer."""


async def upgrade_offer(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> UpgradeOffer:
    """The offer for an organization whose plan has no widgets."""
    return UpgradeOffer(
        plan=UPGRADE_PLAN.value.capitalize(),
        price=SETTINGS.get(request.app).plan_prices.get(UPGRADE_PLAN.value),
        is_owner=member.role is Role.OWNER,
        open_request=await UpgradeRequestService(session).get_open(member.organization_id),
        owners=[owner.email for owner in await MemberService(session).list_owners(member.organization_id)],
    )


@post("/dashboard/{slug:str}/settings/upgrade", guards=[requires_membership, requires_role(Role.OWNER)])
async def request_upgrade(
    request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
) -> Response[str]:
    """Request the bigger plan; a second request while one is open changes nothing."""
    await read_form(request)
    member, settings = current_member(request), SETTINGS.get(request.app)
    is_new = await UpgradeRequestService(db_session).create(member.organization_id, by=member.actor)
    organization = await OrganizationService(db_session).get(member.organization_id)
    owners = [owner.email for owner in await MemberService(db_session).list_owners(member.organization_id)]
    state = describe_requested_plan(organization, owners)
    if is_new:
        staff = await UPGRADE_REQUEST_RECIPIENTS.get(request.app)()
        mails = upgrade_request_mails(organization, to=staff, by=member.actor.name, settings=settings)
        for mail in (*mails, upgrade_requested_mail(organization, owners=owners, settings=settings)):
            await MAILER.get(request.app).send_after_commit(db_session, mail)
    return redirect(request, settings_path(slug, SettingsSection.WIDGET), state if is_new else f"Nothing new: {state}")
