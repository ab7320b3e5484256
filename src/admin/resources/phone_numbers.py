"""Numbers, embed tokens and calls, as lists and details."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from admin.action_registry import actions_for
from admin.base_view import (
    Listing,
    Section,
    prefix,
    uuid_of,
)
from admin.filters import numbers_like, of_organization
from admin.formatters import (
    STATUSES,
    moment,
    number,
    words,
)
from calls.models import Call, CallEvent, CallStatus
from kit.e164 import masked
from tenants.models import PhoneNumber
from widget.models import EmbedToken


class PhoneNumberView(Listing, model=PhoneNumber):
    name_plural = "Phone numbers"
    exports = True
    about = "Numbers that organizations hold, or held."
    symbol = "phone"
    hint = "Beginning of a number, or id"
    column_list = (
        "e164",
        "organization_id",
        "releasing_at",
        "released_at",
        "created_at",
        "id",
    )
    column_details_list = column_list
    exact = {"organization_id": of_organization(PhoneNumber)}

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return sa.or_(sa.false(), *(prefix(PhoneNumber.e164, start) for start in numbers_like(term)))

    def heading(self, row: Any) -> str:
        return number(row.e164)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


class EmbedTokenView(Listing, model=EmbedToken):
    name_plural = "Embed tokens"
    about = "What pages show to become a phone. The tokens themselves are stored nowhere."
    symbol = "copy"
    hint = "First eight characters (ept_…), or id"
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
    exact = {"organization_id": of_organization(EmbedToken)}

    def search(self, term: str) -> sa.ColumnElement[bool]:
        # Whoever pastes a whole token searches for its beginning; the rest goes no further.
        return sa.type_coerce(EmbedToken.prefix == term[:8], sa.Boolean)

    def heading(self, row: Any) -> str:
        return str(row.label or f"{row.prefix}…")

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


class CallView(Listing, model=Call):
    name_plural = "Calls"
    exports = True
    about = "Newest first. A status can be chosen within one organization."
    is_dated = True
    symbol = "phone"
    hint = "Beginning of the number that was called, or id"
    column_list = (
        "to_number",
        "from_number",
        "organization_id",
        "status",
        "duration",
        "started_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "token_id",
        "answered_at",
        "ended_at",
        "end_reason",
        "agent",
        "origin",
        "call_id",
    )
    exact = {
        "organization_id": of_organization(Call),
        "token_id": lambda typed: Call.token_id == uuid_of(typed),
    }
    is_personal = True

    def choices_for(self, request: Request) -> Mapping[str, Sequence[tuple[str, str]]]:
        # An organization's index holds the status; no other does.
        is_of_one = bool(request.query_params.get("organization_id"))
        return {"status": [(status.value, text) for status, text in STATUSES.items()]} if is_of_one else {}

    def narrowed(self, request: Request, most: int) -> tuple[sa.Select[Any], str, bool]:
        stmt, by, is_narrowed = super().narrowed(request, most)
        status = request.query_params.get("status")
        if not (status and request.query_params.get("organization_id")):
            return stmt, by, is_narrowed
        stmt = stmt.where(Call.status == status if status in set(CallStatus) else sa.false())
        # Found in the index alone. Asked for whole calls, PostgreSQL would rather go through everybody's, newest first.
        found = stmt.with_only_columns(Call.id, maintain_column_froms=True)
        return self._columns("column_list").where(Call.id.in_(found)).order_by(Call.id.desc()), by, True

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return sa.or_(sa.false(), *(prefix(Call.to_number, start) for start in numbers_like(term)))

    def heading(self, row: Any) -> str:
        return f"Call to {number(row.to_number)}"

    def in_trail(self, row: Any) -> str:
        return f"Call to {masked(row.to_number)}"

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        steps = sa.select(CallEvent.kind, CallEvent.is_child, CallEvent.occurred_at).where(
            CallEvent.owned_by(row.organization_id), CallEvent.call_record_id == row.id
        )
        found = await self._run_arbitrary_query(
            steps.order_by(CallEvent.occurred_at, CallEvent.sequence, CallEvent.id).limit(100)
        )
        return [
            Section(
                "Timeline",
                [
                    (
                        "",
                        f"{words(r.kind)}, {'the called' if r.is_child else 'the caller'}'s side",
                        moment(r.occurred_at),
                    )
                    for r in found
                ],
            )
        ]
