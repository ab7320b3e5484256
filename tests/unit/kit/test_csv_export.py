"""CSV exports: spreadsheets run no cell as a formula, and phone numbers can be imported again."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kit.csv_export import BYTE_ORDER_MARK, csv_lines, csv_of, escape_formula, with_byte_order_mark
from kit.db.rate_limit import RateCounter

reported_fault = pytest.mark.reported_fault("CSV", threads="odoo#99995")


@reported_fault
@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "+1-415-555-0100", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x"]
)
def test_text_that_could_be_a_formula_is_made_inert(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "a=b", " =1", "'=1", "1-2", "日本語", "🙂", "<b>x</b>"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


@reported_fault
@pytest.mark.parametrize("number", ["+14155552671", "+442079460958", "+6421123456", "+999999999999999"])
def test_a_phone_number_can_be_imported_again(number: str) -> None:
    assert escape_formula(number) == number


@reported_fault
@pytest.mark.parametrize(
    "text",
    [
        "+1",
        "+014155552671",
        "+1415555267112345",
        "+14155552671\n",
        "+14155552671=1",
        "+1415555267a",
        "+１４１５５５５２６７１",
    ],
)
def test_what_only_begins_like_a_phone_number_is_made_inert(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


def shown_by_a_spreadsheet(cell: str) -> str:
    """The text that Excel and LibreOffice show for a CSV's cell. Fails where they would calculate.

    A sign before digits is a number to both, shown without the plus; each other first character here begins a formula.
    """
    if cell[:1] in ("+", "-") and cell[1:].isascii() and cell[1:].isdigit():
        return cell.removeprefix("+")
    assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"), cell
    return cell


FORMULA_START = st.sampled_from("=+-@\t\r\n＝＋－＠'\"; ")
PHONE_NUMBER = st.integers(1_000_000, 10**15 - 1).map("+{}".format)


@given(st.lists(PHONE_NUMBER | st.builds(str.__add__, FORMULA_START, st.text(max_size=12)), min_size=1))
@example(["+14155552671", "=cmd|' /C calc'!A0", "+14155552671+cmd|'!A0", "-2+3", '=HYPERLINK("http://x","y")'])
def test_a_file_read_again_has_the_same_numbers_and_calculates_nothing(row: list[str]) -> None:
    [read] = csv.reader(io.StringIO(csv_lines([row]).decode(), newline=""))
    for written, cell in zip(row, read, strict=True):
        if re.fullmatch(r"\+[1-9][0-9]{6,14}", written):
            assert (cell, shown_by_a_spreadsheet(cell)) == (written, written[1:])
        else:
            assert shown_by_a_spreadsheet(cell) in (written, f"'{written}")


@pytest.mark.anyio
@reported_fault
async def test_the_byte_order_mark_is_the_first_of_a_file_and_not_in_its_cells() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield csv_lines([["name"]])
        yield csv_lines([["Zoë"]])

    content = b"".join([chunk async for chunk in with_byte_order_mark(chunks())])
    assert content.startswith(BYTE_ORDER_MARK)
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [["name"], ["Zoë"]]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert [escape_formula(-5), escape_formula(0), escape_formula(None)] == ["-5", "0", ""]


def test_commas_quotes_and_line_breaks_stay_inside_their_cell() -> None:
    row = ['say "hi"', "a,b", "two\r\nlines", "x"]

    assert list(csv.reader(io.StringIO(csv_lines([row]).decode(), newline=""))) == [row]


@pytest.mark.anyio
async def test_rows_are_read_in_batches_until_there_are_none() -> None:
    rows = [RateCounter(id=UUID(int=number), key=f"={number}") for number in (3, 2, 1)]
    cursors: list[UUID | None] = []

    async def read(after: UUID | None) -> Sequence[RateCounter]:
        cursors.append(after)
        return [row for row in rows if after is None or row.id < after][:2]

    text = b"".join([chunk async for chunk in csv_of(["key"], read, lambda row: [row.key])])

    assert text == b"key\r\n'=3\r\n'=2\r\n'=1\r\n"
    assert cursors == [None, UUID(int=2), UUID(int=1)]
