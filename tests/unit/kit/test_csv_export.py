"""CSV that spreadsheets open without running anything."""

import csv
import io
from collections.abc import Sequence
from uuid import UUID

import pytest

from kit.csv_export import csv_lines, csv_of, escape_formula
from kit.db.rate_limit import RateCounter


@pytest.mark.parametrize("text", ["=1+1", "+14155550100", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x"])
def test_text_that_could_be_a_formula_is_made_inert(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "a=b", " =1", "'=1", "1-2", "日本語", "🙂", "<b>x</b>"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


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
