"""Finds the signed-in reader of a guide, whose token's prefix and domains replace the placeholders in its examples."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from accounts.auth import raw_session_id
from accounts.sessions import find_viewer
from integrations import extension
from kit.clock import utc_now
from kit.http.app_key import DATABASE
from tenants.memberships import LAST_ORGANIZATION_COOKIE, MembershipSummary, memberships_of
from widget import domains
from widget.models import MAX_ACTIVE_TOKENS, TOKEN_PLACEHOLDER, EmbedToken
from widget.services import EmbedTokenService

ID_PLACEHOLDER = "TOKEN_ID"
"""Stands in the guides for the id of the reader's embed token."""
DOMAIN_PLACEHOLDER = "mysite.com"
DOMAINS_PLACEHOLDER = "mysite.com, app.mysite.com, crm.mycompany.io"
EXTENSION_PLACEHOLDER = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
_CRM_HOSTS = ("hubspot.com", "force.com", "salesforce.com")


class ReaderToken(msgspec.Struct, frozen=True):
    """An embed token as the examples show it: of its raw text only the prefix is stored."""

    id: UUID
    name: str
    masked: str
    """Its prefix and an ellipsis."""
    allowed_domains: Sequence[str]

    @property
    def domain(self) -> str | None:
        """The first website among its domains; CRM hosts, extensions and IPv6 addresses do not count."""
        sites = (domain for domain in self.allowed_domains if ":" not in domain and not domain.endswith(_CRM_HOSTS))
        return next(sites, None)


class Reader(msgspec.Struct, frozen=True):
    """A signed-in member of an organization who reads a guide."""

    membership: MembershipSummary
    tokens: Sequence[ReaderToken]
    """The organization's active tokens, newest first."""
    token: ReaderToken | None
    """The token of the examples; None when the organization has none."""

    def replacements(self) -> Mapping[str, str]:
        """The values that replace placeholders in the examples, by placeholder."""
        if self.token is None:
            return {}
        listed = ", ".join(domains.display_domain(domain) for domain in self.token.allowed_domains)
        return {
            TOKEN_PLACEHOLDER: self.token.masked,
            ID_PLACEHOLDER: str(self.token.id),
            EXTENSION_PLACEHOLDER: extension.extension_origin(self.token.id),
            **({DOMAINS_PLACEHOLDER: listed} if listed else {}),
            **({DOMAIN_PLACEHOLDER: domains.display_domain(self.token.domain)} if self.token.domain else {}),
        }


async def find_reader(request: Request[Any, Any, Any], token_id: str) -> Reader | None:
    """Find the signed-in reader; None for other visitors.

    The examples get the token ``token_id`` if it belongs to the reader's organization, else the newest token.
    """
    raw = raw_session_id(request)
    if raw is None:
        return None
    database = DATABASE.get(request.app)
    viewer = await find_viewer(database, raw, utc_now())
    if viewer is None:
        return None
    async with database.read_pool.tenant_scope(None, viewer.user_id) as reader:
        memberships = await memberships_of(reader, viewer.user_id, first=request.cookies.get(LAST_ORGANIZATION_COOKIE))
    if not memberships:
        return None
    membership = memberships[0]
    async with database.tenant_session(membership.organization_id, viewer.user_id) as session:
        rows = await EmbedTokenService(session).list_active(
            membership.organization_id, after=None, limit=MAX_ACTIVE_TOKENS
        )
    tokens = [_reader_token(row) for row in rows]
    chosen = next((token for token in tokens if str(token.id) == token_id), tokens[0] if tokens else None)
    return Reader(membership, tokens, chosen)


def _reader_token(row: EmbedToken) -> ReaderToken:
    return ReaderToken(row.id, row.label or f"{row.prefix}…", f"{row.prefix}…", tuple(row.allowed_domains))
