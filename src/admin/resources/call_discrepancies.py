"""Differences between our call records and the carrier's, in the back office: list and detail page."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from admin.base_view import RecordView
from admin.filters import parse_day
from admin.formatters import DISCREPANCY_NAMES, EMPTY_VALUE, format_micros, name_in
from admin.menu import MenuGroup
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind


class CallDiscrepancyView(RecordView, model=CallDiscrepancy):
    identity = "carrier-difference"
    name_plural = "Carrier reconciliation"
    description = (
        "Calls where our record and the carrier's disagree. Most are corrected automatically; staff decide the rest."
    )
    menu_group = MenuGroup.CARRIER
    icon = "compare"
    empty_text = "Differences that the daily comparison finds appear here."
    column_list = (
        "day",
        "kind",
        "here",
        "there",
        "call_record_id",
        "corrected_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "carrier_sid",
        "token_id",
        "created_at",
    )
    filters = {
        "day": lambda text: CallDiscrepancy.day == parse_day(text),
        "status": lambda text: CallDiscrepancy.corrected_at.is_(None) if text == "open" else sa.false(),
    }
    filter_options = {"status": [("open", "Open")]}

    def formatters(self) -> Mapping[Any, Any]:
        return {
            "kind": lambda row, _column, _request: name_in(DISCREPANCY_NAMES, row.kind),
            "here": lambda row, _column, _request: _format_side(row, row.here),
            "there": lambda row, _column, _request: _format_side(row, row.there),
        }

    def heading(self, row: Any) -> str:
        return f"{name_in(DISCREPANCY_NAMES, row.kind)}, {row.day.isoformat()}"


def _format_side(row: Any, value: str) -> str:
    if row.kind is DiscrepancyKind.PRICE and value.isdecimal():
        return format_micros(int(value))
    return value or EMPTY_VALUE
