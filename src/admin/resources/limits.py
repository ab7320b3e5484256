"""Limits that staff raised, and alerts, as lists and details."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from admin.action_registry import actions_for
from admin.base_view import Listing
from admin.filters import of_organization
from admin.formatters import ALERTS, limit_name, limit_value
from calls.limits.models import Alert, LimitOverride


class LimitOverrideView(Listing, model=LimitOverride):
    name_plural = "Raised limits"
    about = "Limits that staff set for a while. Those that have ended stay listed."
    symbol = "usage"
    column_list = (
        "name",
        "organization_id",
        "value",
        "ends_at",
        "set_by",
        "id",
    )
    column_details_list = (
        *column_list,
        "reason",
        "created_at",
    )
    exact = {"organization_id": of_organization(LimitOverride)}

    def own_formatters(self) -> Mapping[Any, Any]:
        return {
            "name": lambda row, _column, _request: limit_name(row.name),
            "value": lambda row, _column, _request: limit_value(row.name, row.value),
        }

    def heading(self, row: Any) -> str:
        return limit_name(row.name)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


class AlertView(Listing, model=Alert):
    name_plural = "Alerts"
    about = "What looks like fraud, and limits that are nearly used up."
    symbol = "alert"
    column_list = (
        "kind",
        "organization_id",
        "subject",
        "window_start",
        "resolved_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "resolved_by",
        "details",
        "created_at",
    )
    exact = {
        "organization_id": of_organization(Alert),
        "status": lambda typed: Alert.resolved_at.is_(None) if typed == "open" else sa.false(),
    }
    choices = {"status": [("open", "Open")]}

    def own_formatters(self) -> Mapping[Any, Any]:
        return {
            "kind": lambda row, _column, _request: ALERTS[row.kind],
            "subject": _subject,
        }

    def label(self, key: str) -> str:
        return "Seen" if key == "resolved_at" else super().label(key)

    def heading(self, row: Any) -> str:
        return ALERTS[row.kind]

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


def _subject(row: Any, _column: str, _request: Request) -> str | Markup:
    name, _, token_id = row.subject.partition(":")
    if not token_id:
        return limit_name(name)
    return Markup('{}, <a href="/admin/embed-token/details/{}">of one token</a>').format(limit_name(name), token_id)
