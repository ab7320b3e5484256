"""Daily comparisons of calls with the carrier, in the back office: list and detail page."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.requests import Request

from admin.base_view import RecordView
from admin.formatters import format_micros
from admin.menu import MenuGroup
from calls.reconciliation.models import ReconciledDay


class ReconciledDayView(RecordView, model=ReconciledDay):
    identity = "carrier-day"
    name_plural = "Reconciled days"
    description = "Each day's calls in our records and at the carrier. Days are in UTC."
    menu_group = MenuGroup.CARRIER
    icon = "day"
    empty_text = "A day appears here after its calls were compared with the carrier."
    column_list = (
        "day",
        "compared_at",
        "calls_here",
        "calls_there",
        "corrected",
        "open",
        "id",
    )
    column_details_list = (
        *column_list,
        "seconds_here",
        "seconds_there",
        "micros_here",
        "micros_there",
        "others_there",
        "unpriced",
    )

    def formatters(self) -> Mapping[Any, Any]:
        return {
            "micros_here": lambda row, _column, _request: format_micros(row.micros_here),
            "micros_there": lambda row, _column, _request: format_micros(row.micros_there),
            "open": _format_open,
        }

    def heading(self, row: Any) -> str:
        return str(row.day.isoformat())


def _format_open(row: Any, _column: str, _request: Request) -> str | Markup:
    if not row.open:
        return "0"
    return Markup('<a href="/admin/carrier-difference/list?day={}&amp;status=open">{}</a>').format(row.day, row.open)
