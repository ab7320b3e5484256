"""Organizations, with all that belongs to each of them.

Every column is named: none appears by being added to a table.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from accounts.models import User
from admin.action_registry import actions_for
from admin.base_view import Listing, Section, prefix
from admin.filters import is_one, latest, numbers_like
from admin.formatters import (
    ALERTS,
    MISSING,
    STATUSES,
    limit_name,
    limit_value,
    moment,
    number,
    words,
)
from admin.pages import office
from calls.aggregates import CallTotals, started_since, totals_columns
from calls.limits.limit_names import DEFAULT_LIMITS
from calls.limits.models import Alert, LimitOverride
from calls.limits.services import CallingRulesService
from calls.models import Call
from kit.audit import AuditEvent
from kit.clock import utc_now
from tenants.models import Membership, Organization, PhoneNumber, UpgradeRequest
from tenants.plans import Plan
from widget.models import EmbedToken

MOST_FOUND = 1000
"""Of each way to be found: two letters are those of everybody, in the order of nobody's index."""
WAITS = "waits_for_an_answer"


class OrganizationView(Listing, model=Organization):
    name_plural = "Organizations"
    exports = True
    about = f"Every tenant. A search goes through the first {MOST_FOUND:,} that match."
    symbol = "overview"
    hint = "Name, slug, phone number or id"
    column_list = (
        "name",
        "slug",
        "plan",
        "country",
        "suspended_at",
        "deleted_at",
        "created_at",
        "id",
    )
    column_details_list = column_list
    also = ("limits",)
    column_sortable_list = ("slug",)
    exact = {
        "plan": lambda typed: is_one(Organization.plan, typed),
        "status": lambda typed: Organization.suspended_at.is_not(None) if typed == "suspended" else sa.false(),
    }
    choices = {"plan": [(plan.value, plan.value.capitalize()) for plan in Plan], "status": [("suspended", "Suspended")]}
    is_personal = True

    def search(self, term: str) -> sa.ColumnElement[bool]:
        typed = term.lower()
        found = [
            sa.select(Organization.id).where(prefix(sa.func.lower(Organization.name), typed)).limit(MOST_FOUND),
            sa.select(Organization.id).where(prefix(Organization.slug, typed)).limit(MOST_FOUND),
            *(
                sa.select(PhoneNumber.organization_id).where(prefix(PhoneNumber.e164, start)).limit(MOST_FOUND)
                for start in numbers_like(term)
            ),
        ]
        # Each in brackets: a limit is its own, not the union's.
        return Organization.id.in_(sa.union(*(sa.select(part.subquery()) for part in found)))

    def heading(self, row: Any) -> str:
        return str(row.name)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        own, query = f"organization_id={row.id}", self._run_arbitrary_query
        numbers = sa.select(PhoneNumber.id, PhoneNumber.e164, PhoneNumber.released_at).where(
            PhoneNumber.owned_by(row.id)
        )
        tokens = sa.select(EmbedToken.id, EmbedToken.label, EmbedToken.prefix, EmbedToken.revoked_at).where(
            EmbedToken.owned_by(row.id)
        )
        members = (
            sa.select(User.id, User.email, Membership.role)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.owned_by(row.id))
        )
        calls = sa.select(Call.id, Call.to_number, Call.status).where(Call.owned_by(row.id))
        asks = sa.select(
            UpgradeRequest.id, UpgradeRequest.created_at, UpgradeRequest.outcome, UpgradeRequest.resolved_at
        ).where(UpgradeRequest.owned_by(row.id))
        events = sa.select(AuditEvent.id, AuditEvent.action, AuditEvent.actor_name).where(
            AuditEvent.organization_id == row.id
        )
        raised = sa.select(LimitOverride.id, LimitOverride.name, LimitOverride.value, LimitOverride.ends_at).where(
            LimitOverride.owned_by(row.id), LimitOverride.ends_at > utc_now()
        )
        alerts = sa.select(Alert.id, Alert.kind, Alert.created_at).where(
            Alert.owned_by(row.id), Alert.resolved_at.is_(None)
        )
        month = utc_now().date().replace(day=1)
        used = CallTotals(*(await query(sa.select(*totals_columns()).where(*started_since(row.id, month))))[0])
        return [
            await self._limits(request, row),
            Section(
                "Used this month",
                [("", f"Calls: {used.calls:,}, answered: {used.answered:,}", f"Minutes: {used.minutes:,}")],
            ),
            Section(
                "Open alerts",
                [
                    (f"/admin/alert/details/{r.id}", ALERTS[r.kind], moment(r.created_at))
                    for r in await query(latest(alerts, Alert))
                ],
                f"/admin/alert/list?{own}",
            ),
            Section(
                "Raised limits",
                [
                    (
                        f"/admin/limit-override/details/{r.id}",
                        f"{limit_name(r.name)}: {limit_value(r.name, r.value)}",
                        Markup("until {}").format(moment(r.ends_at)),
                    )
                    for r in await query(latest(raised, LimitOverride))
                ],
                f"/admin/limit-override/list?{own}",
            ),
            Section(
                "Upgrade requests",
                [
                    (f"/admin/upgrade-request/details/{r.id}", words(r.outcome or WAITS), moment(r.created_at))
                    for r in await query(latest(asks, UpgradeRequest))
                ],
                f"/admin/upgrade-request/list?{own}",
            ),
            Section(
                "Phone numbers",
                [
                    (f"/admin/phone-number/details/{r.id}", number(r.e164), "Released" if r.released_at else "Held")
                    for r in await query(latest(numbers, PhoneNumber))
                ],
                f"/admin/phone-number/list?{own}",
            ),
            Section(
                "Embed tokens",
                [
                    (
                        f"/admin/embed-token/details/{r.id}",
                        r.label or f"{r.prefix}…",
                        "Revoked" if r.revoked_at else "Active",
                    )
                    for r in await query(latest(tokens, EmbedToken))
                ],
                f"/admin/embed-token/list?{own}",
            ),
            Section(
                "Members",
                [
                    (f"/admin/user/details/{r.id}", r.email, words(r.role))
                    for r in await query(latest(members, Membership))
                ],
                f"/admin/membership/list?{own}",
            ),
            Section(
                "Latest calls",
                [
                    (f"/admin/call/details/{r.id}", number(r.to_number), STATUSES[r.status])
                    for r in await query(latest(calls, Call))
                ],
                f"/admin/call/list?{own}",
            ),
            Section(
                "Audit trail",
                [
                    (f"/admin/audit-event/details/{r.id}", words(r.action), r.actor_name)
                    for r in await query(latest(events, AuditEvent))
                ],
                f"/admin/audit-event/list?{own}",
            ),
        ]

    async def _limits(self, request: Request, row: Any) -> Section:
        """Each limit as it came to be: the default, what staff granted and until when, what holds and what is used."""
        running = sa.select(LimitOverride.id, LimitOverride.name, LimitOverride.value, LimitOverride.ends_at).where(
            LimitOverride.owned_by(row.id), LimitOverride.ends_at > utc_now()
        )
        granted = {found.name: found for found in await self._run_arbitrary_query(running)}
        async with office(request).database.tenant_session(row.id) as session:
            rules = await CallingRulesService(session).get(row.id)
        limits, lines = rules.limits, []
        for name, default in DEFAULT_LIMITS.items():
            override, standing = granted.get(name), row.limits.get(name)
            by_staff: Any = MISSING
            if override is not None:
                by_staff = Markup('<a href="/admin/limit-override/details/{}">{}</a> until {}').format(
                    override.id, limit_value(name, override.value), moment(override.ends_at)
                )
            elif standing is not None:
                by_staff = f"{limit_value(name, int(standing))}, for good"
            base = default if standing is None else int(standing)
            own = limits.chosen[name] if limits.chosen[name] != (base if override is None else override.value) else None
            used = rules.used.get(name)
            lines.append(
                (
                    limit_name(name),
                    limit_value(name, default),
                    by_staff,
                    MISSING if own is None else limit_value(name, own),
                    limit_value(name, limits[name]),
                    MISSING if used is None else limit_value(name, used),
                )
            )
        note: str | Markup = ""
        if limits.new_until is not None:
            note = Markup("New until {}: a quarter of each limit holds.").format(moment(limits.new_until))
        return Section(
            "Limits",
            heads=("Limit", "Default", "Granted by staff", "Chosen by them", "Holds now", "Used"),
            lines=lines,
            note=note,
        )
