"""The table of an organization's limits: plan's default, staff's override, customer's limit, effective limit, use."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from admin.base_view import RecordView, Section
from admin.formatters import EMPTY_VALUE, format_limit, format_time, limit_name
from admin.page_helpers import back_office
from calls.limits.limit_names import DEFAULT_LIMITS
from calls.limits.limit_table import LIMIT_TABLE
from calls.limits.models import LimitOverride
from calls.limits.services import CallingRulesService
from kit.clock import utc_now
from tenants.models import Organization

_COLUMNS = ("Limit", "Plan default", "Staff override", "Customer's own limit", "Effective now", "Used")


async def limits_section(view: RecordView, request: Request, organization: Organization) -> Section:
    """One row for each limit."""
    current = sa.select(LimitOverride.id, LimitOverride.name, LimitOverride.value, LimitOverride.ends_at).where(
        LimitOverride.owned_by(organization.id), LimitOverride.ends_at > utc_now()
    )
    overrides = {override.name: override for override in await view.fetch(current)}
    async with back_office(request).database.tenant_session(organization.id) as session:
        rules = await CallingRulesService(session).get(organization.id)
    rows = [_row(name, DEFAULT_LIMITS[name], organization, overrides.get(name), rules) for name in LIMIT_TABLE]
    note: str | Markup = ""
    if rules.limits.new_until is not None:
        note = Markup(
            "New until {}: a quarter of the limits on minutes, spend and international numbers, and calls in the home"
            " country only."
        ).format(format_time(rules.limits.new_until))
    return Section("Limits", columns=_COLUMNS, rows=rows, note=note)


def _row(name: str, default: int, organization: Organization, override: Any, rules: Any) -> Sequence[Any]:
    """The cells of one limit, in the order of ``_COLUMNS``."""
    permanent, own = organization.limits.get(name), rules.sources.own_limits.get(name)
    base = default if permanent is None else int(permanent)
    override_cell: str | Markup = EMPTY_VALUE
    if override is not None:
        override_cell = Markup('<a href="/admin/limit-override/details/{}">{}</a> until {}').format(
            override.id, format_limit(name, override.value), format_time(override.ends_at)
        )
    elif permanent is not None:
        override_cell = f"{format_limit(name, base)}, without an end"
    used = rules.used.get(name)
    return (
        limit_name(name),
        format_limit(name, default),
        override_cell,
        EMPTY_VALUE if own is None else format_limit(name, int(own)),
        format_limit(name, rules.limits[name]),
        EMPTY_VALUE if used is None else format_limit(name, used),
    )
