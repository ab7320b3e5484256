"""Renders the page of one embed token: its domains, numbers and limits, the pages that it refused, and its kits."""

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits.services import CallingRulesService
from dashboard.from_numbers import number_field
from dashboard.kits import kits_context
from dashboard.pages import render
from dashboard.settings import SettingsRequest
from dashboard.token_domains import domain_to_propose, extension_domain
from kit.http.forms import Form
from tenants.auth import current_member
from tenants.models import Role
from widget import domains
from widget.models import EmbedToken
from widget.services import EmbedTokenService

REVOKE_EFFECT = "Phones using it stop at once; a live call ends. A revoked token cannot be restored."


async def render_token_page(
    request: SettingsRequest,
    session: AsyncSession,
    token: EmbedToken,
    form: Form | None = None,
    *,
    limits_form: Form | None = None,
    proposed_domain: str = "",
) -> Response[str]:
    """Page of one token; ``form`` and ``limits_form`` are refused forms to show again.

    ``proposed_domain`` is put into the form beside the stored domains, and is not saved yet.
    """
    member = current_member(request)
    blocked = await EmbedTokenService(session).list_blocked_origins(member.organization_id, token)
    return render(
        request,
        "settings/token.html",
        status=200 if form is None and limits_form is None else 400,
        token=token,
        form=form,
        kits=kits_context(request, token),
        limits_form=limits_form,
        token_limits=await CallingRulesService(session).get_token_limits(member.organization_id, token.id),
        created_by=await EmbedTokenService(session).get_creator_name(member.organization_id, token),
        refused_pages=[(page, extension_domain(page.origin)) for page in blocked],
        numbers=[
            (number_field(number.id), number.label, number.id in token.from_numbers)
            for number in await EmbedTokenService(session).list_from_numbers(member.organization_id)
        ],
        proposed_domain=domain_to_propose(token, proposed_domain),
        may_change=member.role.rank >= Role.ADMIN.rank,
        revoke_effect=REVOKE_EFFECT,
        shared_domains=[domain for domain in token.allowed_domains if domains.is_shared(domain)],
    )
