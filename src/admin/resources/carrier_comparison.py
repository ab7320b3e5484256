"""What the daily comparison with the carrier found, as lists and details."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request

from admin.base_view import Listing
from admin.formatters import DIFFERENCES, MISSING, dollars
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind, ReconciledDay


def _day(typed: str) -> dt.date:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError as error:
        raise HTTPException(404) from error


class CarrierDayView(Listing, model=ReconciledDay):
    name_plural = "Days compared"
    about = "Each day's calls, here and at the carrier. Days are in UTC."
    symbol = "usage"
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

    def own_formatters(self) -> Mapping[Any, Any]:
        return {
            "micros_here": lambda row, _column, _request: dollars(row.micros_here),
            "micros_there": lambda row, _column, _request: dollars(row.micros_there),
            "open": _open,
        }

    def heading(self, row: Any) -> str:
        return str(row.day.isoformat())


class CarrierDifferenceView(Listing, model=CallDiscrepancy):
    name_plural = "Differences"
    about = "Calls that the carrier knows otherwise. What it decides is corrected; the rest is for people."
    symbol = "alert"
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
    exact = {
        "day": lambda typed: CallDiscrepancy.day == _day(typed),
        "status": lambda typed: CallDiscrepancy.corrected_at.is_(None) if typed == "open" else sa.false(),
    }
    choices = {"status": [("open", "Open")]}

    def own_formatters(self) -> Mapping[Any, Any]:
        return {
            "kind": lambda row, _column, _request: DIFFERENCES[row.kind],
            "here": lambda row, _column, _request: _side(row, row.here),
            "there": lambda row, _column, _request: _side(row, row.there),
        }

    def heading(self, row: Any) -> str:
        return f"{DIFFERENCES[row.kind]}, {row.day.isoformat()}"


def _open(row: Any, _column: str, _request: Request) -> str | Markup:
    if not row.open:
        return "0"
    return Markup('<a href="/admin/carrier-difference/list?day={}&amp;status=open">{}</a>').format(row.day, row.open)


def _side(row: Any, value: str) -> str:
    if row.kind is DiscrepancyKind.PRICE and value.isdecimal():
        return dollars(int(value))
    return value or MISSING
