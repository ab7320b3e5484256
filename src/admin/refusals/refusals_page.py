"""The page "Why was this refused": searches by number, organization or e-mail, and lists refused calls and pages.

A number is searched by POST and never part of a URL; organizations and users are in the URL by their id.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from accounts.models import User
from admin.filters import parse_id
from admin.models import StaffRole
from admin.page_helpers import back_office, read_form, redirect, render, require_role
from admin.refusals.refusals_service import MAX_REFUSALS, SHOWN_DAYS, RefusalsService
from admin.refusals.search import SearchMatches, search
from admin.state_sentences import phones_sentence
from kit import audit
from kit.clock import utc_now
from kit.e164 import masked, readable
from kit.http.forms import Form
from tenants.models import Organization

REFUSALS_PATH = "/admin/refusals"
_TEMPLATE = "admin/refusals.html"


async def show(request: Request) -> Response:
    """The search alone, or the refusals of the organization or user in the URL. Raises: HTTPException."""
    require_role(request, StaffRole.SUPPORT)
    parameters = request.query_params
    if organization_id := parameters.get("organization"):
        return await _show_organization(request, parse_id(organization_id))
    if user_id := parameters.get("user"):
        return await _show_user(request, parse_id(user_id))
    return await _render(request)


async def submit(request: Request) -> Response:
    """Search: redirect to a single organization or user; show a number's refusals or several matches."""
    require_role(request, StaffRole.SUPPORT)
    form = await read_form(request, "text")
    async with back_office(request).staff_database.sessions() as session:
        matches = await search(session, form["text"])
    if matches.numbers:
        return await _show_number(request, form, matches)
    found = [*(f"organization={row.id}" for row in matches.organizations), *(f"user={row.id}" for row in matches.users)]
    if len(found) == 1:
        return redirect(request, f"{REFUSALS_PATH}?{found[0]}")
    if not found:
        problem = "No match. Enter a phone number, the start of an organization's name, its slug, or an e-mail."
        form = Form(form.values, {"text": problem})
    return await _render(request, form=form, matches=matches)


ROUTES = (
    Route(REFUSALS_PATH, show, methods=["GET"]),
    Route(REFUSALS_PATH, submit, methods=["POST"]),
)


async def _show_organization(request: Request, organization_id: UUID) -> Response:
    now = utc_now()
    async with back_office(request).staff_database.sessions() as session:
        row = (await session.scalars(sa.select(Organization).where(Organization.id == organization_id))).one_or_none()
        if row is None:
            raise HTTPException(404)
        service, name = RefusalsService(session), row.name
        context: dict[str, Any] = {
            "heading": name,
            "summary": await phones_sentence(session, organization_id),
            "details_href": f"/admin/organization/details/{organization_id}",
            "refusals": await service.of_organization(organization_id, now),
            "counts": await service.count_by_reason(organization_id, now),
            "origins": await service.blocked_origins([organization_id]),
        }
    await _record_viewing(request, organization_id, name)
    return await _render(request, **context)


async def _show_user(request: Request, user_id: UUID) -> Response:
    now = utc_now()
    async with back_office(request).staff_database.sessions() as session:
        query = sa.select(User.email, User.name).where(User.id == user_id)
        user = (await session.execute(query)).one_or_none()
        if user is None:
            raise HTTPException(404)
        service = RefusalsService(session)
        organizations = await service.organizations_of(user_id)
        context: dict[str, Any] = {
            "heading": user.email,
            "summary": "Calls that this person placed while signed in. Calls from pages without a signed-in person are "
            "listed at the organization.",
            "details_href": f"/admin/user/details/{user_id}",
            "refusals": await service.of_user(user_id, user.email, now),
            "origins": await service.blocked_origins([row.id for row in organizations]),
            "matches": SearchMatches(organizations=organizations),
        }
    await _record_viewing(request, user_id, user.email)
    return await _render(request, **context)


async def _show_number(request: Request, form: Form, matches: SearchMatches) -> Response:
    async with back_office(request).staff_database.sessions() as session:
        refusals = await RefusalsService(session).of_numbers(matches.numbers, utc_now())
    number = next((refused.number for refused in refusals), form["text"].strip())
    await _record_viewing(request, None, masked(number))
    return await _render(
        request,
        form=form,
        heading=f"Calls to {readable(number)}",
        summary="Refused calls of all organizations to this number.",
        refusals=refusals,
        matches=matches,
    )


async def _record_viewing(request: Request, subject_id: UUID | None, name: str) -> None:
    staff_viewer = require_role(request, StaffRole.SUPPORT)
    async with back_office(request).staff_database.tenant_session(None, staff_viewer.staff_id) as session:
        await audit.record(session, staff_viewer.actor, "refusals.viewed", subject_id=subject_id, subject_name=name)


async def _render(request: Request, **context: Any) -> Response:
    defaults: dict[str, Any] = {
        "form": None,
        "matches": SearchMatches(),
        "heading": "",
        "summary": "",
        "details_href": "",
        "refusals": [],
        "counts": [],
        "origins": [],
    }
    return await render(
        request,
        _TEMPLATE,
        **{**defaults, **context},
        days=SHOWN_DAYS,
        max_refusals=MAX_REFUSALS,
    )
