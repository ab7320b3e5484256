"""Domains of an embed token: the form that allows a browser extension, checks of a proposed domain, and the sentence
that says where the token works.
"""

from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import SettingsRequest
from kit.errors import ValidationFailed
from kit.http.forms import read_form
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.models import Role
from widget.domains import display_domain
from widget.models import EmbedToken
from widget.services import EmbedTokenService, parse_domains

_EXTENSION_SCHEME = "chrome-extension://"
_MAX_LISTED_DOMAINS = 3


@post(
    "/dashboard/{slug:str}/settings/embed-tokens/{token_id:uuid}/allow",
    guards=[requires_membership, requires_role(Role.ADMIN)],
)
async def allow_extension(
    request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str], token_id: FromPath[UUID]
) -> Response[str]:
    """Add a browser extension to the token's domains; a token that allows every page stays as it is."""
    form, member, service = await read_form(request, "domain"), current_member(request), EmbedTokenService(db_session)
    token, page = await service.get_active(member.organization_id, token_id), f"{_tokens_url(slug)}/{token_id}"
    domain = extension_domain(form["domain"])
    if not domain:
        return redirect(request, page, "That is no browser extension; type the domain instead", is_problem=True)
    if domain_to_propose(token, domain):
        domains = [*token.allowed_domains, domain]
        try:
            async with db_session.begin_nested():
                token = await service.update(member.organization_id, token_id, by=member.actor, allowed_domains=domains)
        except ValidationFailed as refusal:
            return redirect(request, page, refusal.errors[0][1], is_problem=True)
    return redirect(request, page, f"{domain} is allowed. {describe_domains(token)}")


def describe_domains(token: EmbedToken) -> str:
    """The sentence that says where the token works."""
    shown = [display_domain(domain) for domain in token.allowed_domains]
    if not shown:
        return "Any website can use this token."
    more = len(shown) - _MAX_LISTED_DOMAINS
    names = ", ".join(shown[:_MAX_LISTED_DOMAINS]) + (f" and {more} more" if more > 0 else "")
    return f"From the next page load on this token works on {names} and on no other site."


def extension_domain(origin: str) -> str:
    """The origin of a browser extension as a domain that a token can allow; empty for other origins."""
    return domain_to_allow(origin) if origin.startswith(_EXTENSION_SCHEME) else ""


def domain_to_allow(text: str) -> str:
    """The domain in ``text`` as tokens store it; empty unless ``text`` has exactly one domain."""
    try:
        found = parse_domains(text)
    except ValidationFailed:
        return ""
    return found[0] if len(found) == 1 else ""


def domain_to_propose(token: EmbedToken, text: str) -> str:
    """The domain in ``text``; empty if the token allows it already, as a token without a list of domains does."""
    domain = domain_to_allow(text)
    return domain if token.allowed_domains and domain not in token.allowed_domains else ""


def _tokens_url(slug: str) -> str:
    return f"/dashboard/{slug}/settings/embed-tokens"
