"""What was found, as CSV: capped, for operators, and with a line in the audit trail."""

import json
import re
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.base_view import Listing
from admin.models import StaffRole
from admin.pages import office, read_form, requires
from kit.audit import record
from kit.csv_export import Cell, csv_lines
from kit.e164 import masked
from kit.schemas import rfc3339

ROWS = 5000
"""At most so many rows at once."""
_NUMBER = re.compile(r"(?!\d{4}-\d{2}-\d{2}$)[+(]?[0-9 ().\-/]{5,}")


async def export(request: Request) -> Response:
    """Raises: HTTPException, StaffRoleTooLow."""
    who = requires(request, StaffRole.OPERATOR)
    await read_form(request)
    views = {view.identity: view for view in request.state.templates.globals["views"]}
    view = views.get(request.path_params["identity"])
    if not isinstance(view, Listing) or not view.exports or not view.is_accessible(request):
        raise HTTPException(404)
    stmt, _, _ = view.narrowed(request, ROWS)
    async with office(request).reading.tenant_session(None, who.staff_id) as session:
        rows = (await session.scalars(stmt)).all()
        asked = {key: _told(value) for key, value in request.query_params.items() if key != "after" and value}
        details = {"rows": len(rows), "filters": asked}
        await record(session, who.actor, "records.exported", subject_name=view.name_plural, details=details)
    keys = ["id", *view.shown]
    lines = csv_lines([keys, *([_cell(getattr(row, key)) for key in keys] for row in rows)])
    name = f'attachment; filename="{view.identity}.csv"'
    return Response(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


ROUTE = Route("/admin/{identity}/export", export, methods=["POST"])


def _told(typed: str) -> str:
    """What was asked for, for the audit trail: nothing can be erased from it, so no number enters it."""
    return masked(typed) if _NUMBER.fullmatch(typed.strip()) else typed


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value if value is None or isinstance(value, int) else str(value)
