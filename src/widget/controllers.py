"""``…/embed-tokens``: members list embed tokens; admins generate, change and revoke them."""

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

    # Only generating requires the plan and a number: other actions stay possible after a downgrade.
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
            from_numbers=data.from_numbers,
            by=current_member(request).actor,
        )
        issued = EmbedTokenIssued(
            id=token.id,
            label=token.label,
            prefix=token.prefix,
            allowed_domains=token.allowed_domains,
            recent_calls=token.recent_calls,
            from_numbers=token.from_numbers,
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
        service = EmbedTokenService(db_session)
        rows = await service.list_active(organization_id, after=page_query.after, limit=page_query.limit)
        numbers = await _usable_numbers(service, organization_id)
        return page_query.to_page(rows, lambda token: EmbedTokenInfo.of(token, numbers))

    @get("/{token_id:uuid}", guards=_MEMBER, summary="One embed token")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], token_id: FromPath[UUID]
    ) -> EmbedTokenInfo:
        service = EmbedTokenService(db_session)
        token = await service.get_active(organization_id, token_id)
        return EmbedTokenInfo.of(token, await _usable_numbers(service, organization_id))

    @patch("/{token_id:uuid}", guards=_ADMIN, summary="Change label, allowed domains, recent calls or numbers")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        token_id: FromPath[UUID],
        data: JSONBody[ChangeEmbedToken],
    ) -> EmbedTokenInfo:
        service = EmbedTokenService(db_session)
        token = await service.update(
            organization_id,
            token_id,
            by=current_member(request).actor,
            label=None if isinstance(data.label, UnsetType) else data.label,
            allowed_domains=None if isinstance(data.allowed_domains, UnsetType) else data.allowed_domains,
            recent_calls=None if isinstance(data.recent_calls, UnsetType) else data.recent_calls,
            from_numbers=None if isinstance(data.from_numbers, UnsetType) else data.from_numbers,
        )
        return EmbedTokenInfo.of(token, await _usable_numbers(service, organization_id))

    @delete("/{token_id:uuid}", guards=_ADMIN, summary="Revoke an embed token", status_code=204)
    async def revoke(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        token_id: FromPath[UUID],
    ) -> None:
        await EmbedTokenService(db_session).revoke(organization_id, token_id, by=current_member(request).actor)


async def _usable_numbers(service: EmbedTokenService, organization_id: UUID) -> frozenset[UUID]:
    return frozenset(number.id for number in await service.list_from_numbers(organization_id))
