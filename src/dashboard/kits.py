"""Kits of an embed token: downloads for websites and CRMs, and the values that people paste there."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.settings import SettingsRequest
from integrations import extension, hubspot
from integrations.kits import INTEGRATION_KITS, KitToken
from kit.http.app_key import SETTINGS
from tenants.auth import current_member
from widget import domains
from widget.models import TOKEN_PLACEHOLDER, EmbedToken
from widget.services import EmbedTokenService

APP_NAME = "Epoch Voice"


@get("/dashboard/{slug:str}/settings/embed-tokens/{token_id:uuid}/kits/{kit:str}", guards=[requires_membership])
async def download_kit(
    request: SettingsRequest,
    db_session: NamedDependency[AsyncSession],
    slug: FromPath[str],
    token_id: FromPath[UUID],
    kit: FromPath[str],
) -> Response[bytes]:
    """Download a kit without the token: the server stores only its digest."""
    member = current_member(request)
    token = await EmbedTokenService(db_session).get_active(member.organization_id, token_id)
    token_page = f"/dashboard/{slug}/settings/embed-tokens/{token.id}"
    archive = INTEGRATION_KITS.get(request.app).build(kit, KitToken(token.id, token_page, member.country), APP_NAME)
    headers = {"Content-Disposition": f'attachment; filename="{archive.file_name}"'}
    return Response(archive.content, media_type="application/zip", headers=headers)


def kits_context(request: SettingsRequest, token: EmbedToken, raw_token: str = TOKEN_PLACEHOLDER) -> Mapping[str, Any]:
    """Template context of a token's kits; ``raw_token`` is given on the page that shows a new token."""
    url = hubspot.page_url(SETTINGS.get(request.app).public_url, token.id, raw_token)
    return {
        "token_placeholder": TOKEN_PLACEHOLDER,
        "hubspot_allowed": hubspot.allowed_origin(token.allowed_domains) is not None,
        "hubspot_install_link": hubspot.install_link(SETTINGS.get(request.app).public_url),
        "extension_origin": extension.extension_origin(token.id),
        "extension_allowed": domains.is_page_allowed(
            token.allowed_domains, [extension.extension_origin(token.id).encode()]
        ),
        "hubspot_settings": json.dumps(hubspot.app_settings(APP_NAME, url), indent=2, ensure_ascii=False),
    }
