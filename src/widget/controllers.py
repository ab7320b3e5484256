"""``…/embed-tokens``: customers make, see, change and revoke their tokens."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.paging import PageQuery
from kit.http.app_key import SETTINGS
from kit.schemas import Page, rfc3339
from tenants.auth import current_member
from tenants.guards import requires_member, requires_phone_number, requires_role, requires_widget_plan
from tenants.models import Role
from widget.errors import TooManyTokens
from widget.schemas import (
    ChangeEmbedToken,
    EmbedTokenInfo,
    EmbedTokenIssued,
    GenerateEmbedToken,
)
from widget.services import EmbedTokenService, script_tag

_MEMBER = [requires_member]
_ADMIN = [requires_member, requires_role(Role.ADMIN)]


class EmbedTokenController(Controller):
    """Embed tokens of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/embed-tokens"
    tags = ["Embed tokens"]

    # Revoking stays possible without a plan or a number: only making a token asks for both.
    @post(
        guards=[*_ADMIN, requires_widget_plan, requires_phone_number],
        summary="Generate an embed token",
        refusals=(TooManyTokens,),
    )
    async def generate(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[GenerateEmbedToken],
    ) -> Response[EmbedTokenIssued]:
        token, raw = await EmbedTokenService(db_session).issue(
            organization_id,
            label=data.label,
            allowed_domains=data.allowed_domains,
            recent_calls=data.recent_calls,
            by=current_member(request).actor,
        )
        await db_session.refresh(token)
        issued = EmbedTokenIssued(
            id=token.id,
            label=token.label,
            prefix=token.prefix,
            allowed_domains=token.allowed_domains,
            created_at=rfc3339(token.created_at),
            token=raw,
            snippet=script_tag(SETTINGS.get(request.app).public_url, raw),
        )
        return Response(issued, status_code=201, headers={"Cache-Control": "no-store"})

    @get(guards=_MEMBER, summary="Active embed tokens")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[EmbedTokenInfo]:
        rows = await EmbedTokenService(db_session).list_active(
            organization_id, after=page_query.after, limit=page_query.limit
        )
        return page_query.to_page(rows, EmbedTokenInfo.of)

    @get("/{token_id:uuid}", guards=_MEMBER, summary="One embed token")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], token_id: FromPath[UUID]
    ) -> EmbedTokenInfo:
        return EmbedTokenInfo.of(await EmbedTokenService(db_session).get_active(organization_id, token_id))

    @patch("/{token_id:uuid}", guards=_ADMIN, summary="Change label, allowed domains or recent calls")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        token_id: FromPath[UUID],
        data: JSONBody[ChangeEmbedToken],
    ) -> EmbedTokenInfo:
        token = await EmbedTokenService(db_session).update(
            organization_id,
            token_id,
            by=current_member(request).actor,
            label=None if isinstance(data.label, UnsetType) else data.label,
            allowed_domains=None if isinstance(data.allowed_domains, UnsetType) else data.allowed_domains,
            recent_calls=None if isinstance(data.recent_calls, UnsetType) else data.recent_calls,
        )
        return EmbedTokenInfo.of(token)

    @delete("/{token_id:uuid}", guards=_ADMIN, summary="Revoke an embed token", status_code=204)
    async def revoke(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        token_id: FromPath[UUID],
    ) -> None:
        await EmbedTokenService(db_session).revoke(organization_id, token_id, by=current_member(request).actor)
