"""A signed-in reader, whose domain and token stand in the examples; of a token the start is all that we know."""

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
from widget.models import MAX_ACTIVE_TOKENS, EmbedToken
from widget.services import EmbedTokenService

TOKEN = "ept_YOUR_TOKEN_HERE"  # noqa: S105 - stands for one
TOKEN_ID = "TOKEN_ID"  # noqa: S105 - as above
DOMAIN = "mysite.com"
DOMAINS = "mysite.com, app.mysite.com, crm.mycompany.io"
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


class Token(msgspec.Struct, frozen=True):
    """An embed token as the examples name it."""

    id: UUID
    name: str
    shown: str
    """Its first characters and an ellipsis."""
    allowed_domains: Sequence[str]

    @property
    def domain(self) -> str | None:
        """The first website of its list; a CRM's host, an extension and an IPv6 address are none."""
        sites = (one for one in self.allowed_domains if ":" not in one and not one.endswith(_CRM_HOSTS))
        return next(sites, None)


class Reader(msgspec.Struct, frozen=True):
    """Somebody who is signed in and belongs to an organization."""

    place: MembershipSummary
    tokens: Sequence[Token]
    """The newest first."""
    token: Token | None
    """The one in the examples; None while there is none."""

    def replacements(self) -> Mapping[str, str]:
        """What to write in the examples, by what stands there for everybody else."""
        if self.token is None:
            return {}
        listed = ", ".join(domains.display_domain(domain) for domain in self.token.allowed_domains)
        return {
            TOKEN: self.token.shown,
            TOKEN_ID: str(self.token.id),
            EXTENSION: extension.extension_origin(self.token.id),
            **({DOMAINS: listed} if listed else {}),
            **({DOMAIN: domains.display_domain(self.token.domain)} if self.token.domain else {}),
        }


async def reader_of(request: Request[Any, Any, Any], token_id: str) -> Reader | None:
    """Who reads, and with the token ``token_id`` in the examples if it is theirs; None for anybody else."""
    raw = raw_session_id(request)
    if raw is None:
        return None
    database = DATABASE.get(request.app)
    viewer = await find_viewer(database, raw, utc_now())
    if viewer is None:
        return None
    async with database.read_pool.tenant_scope(None, viewer.user_id) as reader:
        places = await memberships_of(reader, viewer.user_id, first=request.cookies.get(LAST_ORGANIZATION_COOKIE))
    if not places:
        return None
    place = places[0]
    async with database.tenant_session(place.organization_id, viewer.user_id) as session:
        rows = await EmbedTokenService(session).list_active(place.organization_id, after=None, limit=MAX_ACTIVE_TOKENS)
    tokens = [_token(row) for row in rows]
    chosen = next((token for token in tokens if str(token.id) == token_id), tokens[0] if tokens else None)
    return Reader(place, tokens, chosen)


_CRM_HOSTS = ("hubspot.com", "force.com", "salesforce.com")


def _token(row: EmbedToken) -> Token:
    return Token(row.id, row.label or f"{row.prefix}…", f"{row.prefix}…", tuple(row.allowed_domains))
