"""CSV exports: streamed in batches of rows, with cells that no spreadsheet runs as a formula."""

import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from kit.db.model import Base

CSV_BATCH_ROWS = 500
"""Rows read at a time, each time in a transaction of its own: a slow reader holds none open."""
Cell = str | int | None
Row = TypeVar("Row", bound=Base)
# What spreadsheets take for the beginning of a formula, the full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(cell: Cell) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before text that could be one."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """``rows`` as CSV lines (RFC 4180, UTF-8)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escape_formula(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def csv_of(
    columns: Sequence[str],
    read: Callable[[UUID | None], Awaitable[Sequence[Row]]],
    cells: Callable[[Row], Sequence[Cell]],
) -> AsyncGenerator[bytes, None]:
    """The whole file: a line of ``columns``, then each row that ``read`` gives.

    ``read`` returns the rows after the id it is given, None at first, at most ``BATCH`` or so, and none at the end.
    """
    yield csv_lines([columns])
    after: UUID | None = None
    while rows := await read(after):
        yield csv_lines(cells(row) for row in rows)
        after = rows[-1].id
