"""The form that filters the audit log by person, organization, action and day.

The form is sent by POST and leads to a URL with ids only, because e-mail addresses must not be in URLs.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from accounts.models import User
from admin.filters import starts_with
from admin.models import Staff, StaffRole
from admin.page_helpers import back_office, read_form, redirect, require_role
from admin.refusals.search import find_organizations, find_users
from kit.audit import AuditEvent
from kit.parsing import parse_day
from kit.text import is_valid_text
from tenants.models import Organization

AUDIT_LIST_PATH = "/admin/audit-event/list"
AUDIT_SEARCH_PATH = "/admin/audit-event/find"
ORGANIZATION_VIEWED = "organization.viewed"
_MAX_ACTIONS = 500
# Reads one index entry for each action; DISTINCT would read all events.
_ACTIONS = sa.text("""
WITH RECURSIVE known AS (
    (SELECT action FROM audit_event ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT e.action FROM audit_event e WHERE e.action > known.action ORDER BY e.action LIMIT 1)
    FROM known WHERE known.action IS NOT NULL
)
SELECT action FROM known WHERE action IS NOT NULL LIMIT :max_actions
""").bindparams(max_actions=_MAX_ACTIONS)


class _ResolvedId(NamedTuple):
    """The id of the record that a typed text means, or the sentence that says why there is none."""

    key: UUID | None = None
    problem: str = ""


async def submit(request: Request) -> Response:
    """Redirect to the list that is filtered by what was entered.

    A text that matches no record or several ones is left out, and the notice says so.
    """
    require_role(request, StaffRole.SUPPORT)
    form = await read_form(request, "person", "organization", "action", "day")
    async with back_office(request).staff_database.sessions() as session:
        person = await _resolve_person(session, form["person"].strip())
        organization = await _resolve_organization(session, form["organization"].strip())
    problems = [resolved.problem for resolved in (person, organization) if resolved.problem]
    day = form["day"].strip()
    try:
        day = day and parse_day(day).isoformat()
    except ValueError:
        day = ""
        problems.append("Day: enter a day like 2026-12-31.")
    chosen = {
        "actor_id": person.key,
        # Views by staff are not in the organization's own audit log: there it is the event's subject.
        "subject_id" if form["action"] == ORGANIZATION_VIEWED else "organization_id": organization.key,
        "action": form["action"] if is_valid_text(form["action"]) else "",
        "day": day,
    }
    query = urlencode({name: str(value) for name, value in chosen.items() if value})
    if not problems:
        return redirect(request, f"{AUDIT_LIST_PATH}?{query}" if query else AUDIT_LIST_PATH)
    rest = "The other filters are applied." if query else "No event is shown."
    return redirect(request, f"{AUDIT_LIST_PATH}?{query or 'none=1'}", " ".join([*problems, rest]), is_problem=True)


ROUTE = Route(AUDIT_SEARCH_PATH, submit, methods=["POST"])


async def read_actions(session: AsyncSession) -> Sequence[str]:
    """All actions in the log, in alphabetical order."""
    return (await session.scalars(_ACTIONS)).all()


async def describe_person(session: AsyncSession, key: UUID) -> str:
    """The e-mail of a user or staff member, else the actor's last name in the log, else the id."""
    for model in (User, Staff):
        if email := await session.scalar(sa.select(model.email).where(model.id == key)):
            return str(email)
    names = sa.select(AuditEvent.actor_name).where(AuditEvent.actor_id == key).order_by(AuditEvent.id.desc())
    return str(await session.scalar(names.limit(1)) or key)


async def describe_organization(session: AsyncSession, key: UUID) -> str:
    """The slug of an organization, because a search for it finds only this organization; else the id."""
    return str(await session.scalar(sa.select(Organization.slug).where(Organization.id == key)) or key)


async def _resolve_person(session: AsyncSession, text: str) -> _ResolvedId:
    if not text:
        return _ResolvedId()
    if not is_valid_text(text):
        return _ResolvedId(problem="Person: no e-mail starts like this.")
    found = [row.id for row in await find_users(session, text)]
    found += await _staff_ids(session, text.lower())
    return _resolve_single(
        found, "Person: no e-mail starts like this.", "Person: several e-mails start like this; enter more."
    )


async def _staff_ids(session: AsyncSession, email: str) -> list[Any]:
    exact = list(await session.scalars(sa.select(Staff.id).where(Staff.email == email)))
    return exact or list(await session.scalars(sa.select(Staff.id).where(starts_with(Staff.email, email)).limit(2)))


async def _resolve_organization(session: AsyncSession, text: str) -> _ResolvedId:
    if not text:
        return _ResolvedId()
    found = [row.id for row in await find_organizations(session, text)] if is_valid_text(text) else []
    return _resolve_single(
        found,
        "Organization: no name starts like this.",
        "Organization: several names start like this; enter the slug or more of the name.",
    )


def _resolve_single(found: Sequence[UUID], none_problem: str, several_problem: str) -> _ResolvedId:
    if len(found) == 1:
        return _ResolvedId(key=found[0])
    return _ResolvedId(problem=several_problem if found else none_problem)
