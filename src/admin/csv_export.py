"""Exports a back office list as CSV: a limited number of rows, for operators and admins, recorded in the audit log."""

import json
import re
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.base_view import find_view
from admin.models import StaffRole
from admin.page_helpers import back_office, read_form, require_role
from kit import audit
from kit.csv_export import BYTE_ORDER_MARK, Cell, csv_lines
from kit.e164 import masked
from kit.schemas import rfc3339

MAX_EXPORT_ROWS = 5000
"""Rows in one export, at most."""
_NUMBER = re.compile(r"(?!\d{4}-\d{2}-\d{2}$)[+(]?[0-9 ().\-/]{5,}")


async def export(request: Request) -> Response:
    """The list's rows as a CSV file. Raises: HTTPException, StaffRoleTooLow."""
    staff_viewer = require_role(request, StaffRole.OPERATOR)
    has_bom = bool((await read_form(request, "bom"))["bom"])
    view = find_view(request, request.path_params["identity"])
    if view is None or not view.is_exportable or not view.is_accessible(request):
        raise HTTPException(404)
    query = view.build_query(request, MAX_EXPORT_ROWS)
    async with back_office(request).staff_database.tenant_session(None, staff_viewer.staff_id) as session:
        rows = (await session.scalars(query.statement)).all()
        filters = {
            key: _masked_filter(value) for key, value in request.query_params.items() if key != "after" and value
        }
        details = {"rows": len(rows), "filters": filters}
        await audit.record(
            session, staff_viewer.actor, "records.exported", subject_name=view.name_plural, details=details
        )
    keys = ["id", *view.list_columns]
    lines = csv_lines([keys, *([_cell(getattr(row, key)) for key in keys] for row in rows)])
    disposition = f'attachment; filename="{view.identity}.csv"'
    content = BYTE_ORDER_MARK + lines if has_bom else lines
    return Response(content, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


ROUTE = Route("/admin/{identity}/export", export, methods=["POST"])


def _masked_filter(text: str) -> str:
    """A filter for the audit log, with phone numbers masked: their owners may ask later to erase them."""
    return masked(text) if _NUMBER.fullmatch(text.strip()) else text


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value if value is None or isinstance(value, int) else str(value)
