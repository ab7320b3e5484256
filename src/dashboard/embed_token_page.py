"""The page of one embed token: its fields, limits, kits and blocked origins."""

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


async def render_token_page(
    request: SettingsRequest,
    session: AsyncSession,
    token: EmbedToken,
    form: Form | None = None,
    *,
    limits_form: Form | None = None,
    proposed: str = "",
) -> Response[str]:
    """Page of one token; ``form`` and ``limits_form`` are refused forms to show again.

    ``proposed`` is a domain that the form contains beside the allowed ones, to be saved by whoever looks at it.
    """
    who = current_member(request)
    blocked = await EmbedTokenService(session).list_blocked_origins(who.organization_id, token)
    return render(
        request,
        "settings/token.html",
        status=200 if form is None and limits_form is None else 400,
        token=token,
        form=form,
        kits=kits_context(request, token),
        limits_form=limits_form,
        rule=await CallingRulesService(session).get_token_limits(who.organization_id, token.id),
        created_by=await EmbedTokenService(session).get_creator_name(who.organization_id, token),
        refused=[(page, extension_domain(page.origin)) for page in blocked],
        numbers=[
            (number_field(number.id), number.label, number.id in token.from_numbers)
            for number in await EmbedTokenService(session).list_from_numbers(who.organization_id)
        ],
        proposed=domain_to_propose(token, proposed),
        may_change=who.role.rank >= Role.ADMIN.rank,
        shared=[domain for domain in token.allowed_domains if domains.is_shared(domain)],
    )
