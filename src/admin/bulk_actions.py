"""One action on several rows that were picked in their list: begun only if all of them are as they were seen."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import load_only
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.action_handlers import Deed
from admin.action_registry import KINDS, Action, Kind
from admin.base_view import PAGE, uuid_of
from admin.confirm_page import alone_with
from admin.errors import Stale
from admin.pages import (
    again,
    office,
    read_form,
    redirect,
    render,
    viewer,
)
from admin.rules import REASON_CHARACTERS, ensure_staff_role, read_reason
from kit.errors import Conflict, DomainError, MalformedRequest, ValidationFailed
from kit.http.forms import Form, ensure_valid_text

NONE_PICKED = "Pick at least one row. Nothing was done."
NONE_APPLIES = "None of the rows that you picked can be changed so. Nothing was done."


class Asked(NamedTuple):
    """What is to be done to which kind of row."""

    name: str
    kind: Kind
    action: Action

    @property
    def back(self) -> str:
        return f"/admin/{self.name}/list"


async def ask(request: Request) -> Response:
    """Raises: HTTPException, StaffRoleTooLow."""
    asked = _asked(request)
    picked = list(dict.fromkeys(uuid_of(text) for text in request.query_params.getlist("row")))
    if not picked or len(picked) > PAGE:
        return redirect(request, asked.back, NONE_PICKED, is_problem=True)
    found = await _rows(request, asked, picked)
    rows = [found[key] for key in picked if key in found]
    if not any(asked.action.applies(row) for row in rows):
        return redirect(request, asked.back, NONE_APPLIES, is_problem=True)
    return await render(request, "office/confirm_many.html", form=None, **_shown(asked, rows))


async def act(request: Request) -> Response:
    """Raises: HTTPException, StaffRoleTooLow, MalformedRequest."""
    asked, form = _asked(request), await read_form(request, "reason", "seen")
    seen = _seen(form["seen"])
    try:
        ensure_valid_text(form)
        reason = read_reason(form["reason"])
        async with alone_with(office(request), seen):
            done, refused = await _do(request, asked, seen, reason)
    except (ValidationFailed, Conflict) as refusal:
        found = await _rows(request, asked, list(seen))
        rows = [found[key] for key in seen if key in found]
        return await again(request, "office/confirm_many.html", form, refusal, **_shown(asked, rows))
    said = f"{asked.action.label}: done for {done} of {len(seen)}."
    return redirect(request, asked.back, " ".join([said, *refused]), is_problem=bool(refused))


async def _do(request: Request, asked: Asked, seen: Mapping[UUID, str], reason: str) -> tuple[int, Sequence[str]]:
    """How many rows it was done to, and what was said of the others. Raises: Stale, before the first of them."""
    rows = await _rows(request, asked, list(seen))
    kind, action = asked.kind, asked.action
    if len(rows) < len(seen) or not all(
        seen[key] == kind.state(row) and action.applies(row) for key, row in rows.items()
    ):
        raise Stale
    by = msgspec.structs.replace(viewer(request).actor, reason=reason)
    done, refused = 0, []
    for row in rows.values():
        # Each is whole or not at all; they belong to different organizations, whose transactions are apart.
        try:
            await action.work(Deed(office(request), row, Form(), by))
            done += 1
        except DomainError as refusal:
            refused.append(f"{kind.name(row)}: {refusal.message}.")
    return done, refused


ROUTES = tuple(
    Route("/admin/{kind}/many/{action}", endpoint, methods=[method])
    for endpoint, method in ((ask, "GET"), (act, "POST"))
)


def _asked(request: Request) -> Asked:
    name, slug = request.path_params["kind"], request.path_params["action"]
    kind = KINDS.get(name)
    action = None if kind is None else next((found for found in kind.actions if found.slug == slug), None)
    if kind is None or action is None or not action.many:
        raise HTTPException(404)
    ensure_staff_role(viewer(request).role, action.at_least)
    return Asked(name, kind, action)


async def _rows(request: Request, asked: Asked, keys: Sequence[UUID]) -> Mapping[UUID, Any]:
    columns, model = load_only(*asked.kind.columns, raiseload=True), asked.kind.model
    async with office(request).reading.sessions() as session:
        rows = await session.scalars(sa.select(model).where(model.id.in_(keys)).options(columns))
        return {row.id: row for row in rows}


def _seen(text: str) -> dict[UUID, str]:
    """Each row by its id, and the state in which it was shown. Raises: MalformedRequest."""
    try:
        seen = {UUID(key): state for key, _, state in (line.partition("=") for line in text.splitlines())}
    except ValueError as error:
        raise MalformedRequest("The form could not be read") from error
    if not 0 < len(seen) <= PAGE:
        raise MalformedRequest("The form could not be read")
    return seen


def _shown(asked: Asked, rows: Sequence[Any]) -> dict[str, Any]:
    fit = [row for row in rows if asked.action.applies(row)]
    return {
        "title": f"{asked.action.label}: {len(fit)} of {len(rows)}",
        "action": asked.action,
        "back": asked.back,
        "names": [asked.kind.name(row) for row in fit],
        "left_out": [asked.kind.name(row) for row in rows if row not in fit],
        "seen": "\n".join(f"{row.id}={asked.kind.state(row)}" for row in fit),
        "reason_characters": REASON_CHARACTERS,
    }
