"""Embed tokens in the back office: list, detail page and the staff action that revokes one."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import organization_filter
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.state_sentences import live_calls_sentence
from calls.models import Call
from widget.models import EmbedToken
from widget.services import EmbedTokenService

_PREFIX_CHARACTERS = 8


@staff_action(
    "revoke",
    "Revoke",
    role=StaffRole.SUPPORT,
    effect="Phones using it stop at once; a live call ends. A revoked token never works again.",
    applies=lambda token: token.revoked_at is None,
    bulk_result="revoked",
)
async def revoke(context: ActionContext[EmbedToken]) -> str:
    token = context.record
    async with context.tenant_session(token.organization_id) as session:
        await EmbedTokenService(session).revoke(token.organization_id, token.id, by=context.by)
        own = sa.and_(Call.owned_by(token.organization_id), Call.token_id == token.id)
        live = await live_calls_sentence(session, own, "being ended")
    return f"The token {token.label or token.prefix} is revoked: no phone can use it. {live}"


class EmbedTokenView(RecordView, model=EmbedToken):
    identity = "embed-token"
    name_plural = "Embed tokens"
    description = "Tokens that customers put into their pages. Only a digest of each is stored."
    menu_group = MenuGroup.CALLS
    icon = "key"
    empty_text = "Tokens appear here when customers generate them."
    search_label = "First eight characters (ept_…), or ID"
    column_list = (
        "prefix",
        "label",
        "organization_id",
        "allowed_domains",
        "last_used_at",
        "revoked_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "last_origin",
        "created_by",
        "created_at",
        "revoked_by",
    )
    filters = {"organization_id": organization_filter(EmbedToken)}
    staff_actions = (revoke,)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        # Only the prefix of a pasted token is searched, so that the secret part is not sent to the database.
        return sa.type_coerce(EmbedToken.prefix == term[:_PREFIX_CHARACTERS], sa.Boolean)

    def links(self, row: Any) -> Sequence[tuple[str, str]]:
        return [(f"/admin/refusals?organization={row.organization_id}", "Why was this refused")]

    def heading(self, row: Any) -> str:
        return str(row.label or f"{row.prefix}…")

    def record_state(self, row: Any) -> str:
        return str(row.revoked_at or "")
