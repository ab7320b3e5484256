"""CSV exports: streamed in batches of rows, with cells that no spreadsheet evaluates as a formula."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from kit.db.model import Base
from kit.e164 import is_e164

CSV_BATCH_ROWS = 100
"""Rows of one batch. Each batch has its own transaction, so that a slow client keeps no transaction open. A batch is so
small that other requests of the worker wait for it only a few milliseconds."""
BYTE_ORDER_MARK = "\ufeff".encode()
"""The first bytes of a file that Excel shall read as UTF-8; other programs do not need it."""
Cell = str | int | None
Row = TypeVar("Row", bound=Base)
# First characters of formulas in spreadsheets, full-width forms included.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(cell: Cell) -> str:
    """The cell's text, with an apostrophe before text that a spreadsheet could evaluate as a formula.

    A phone number in E.164 is not changed: spreadsheets read it as a plain number, and it can be imported again.
    """
    if cell is None:
        return ""
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not is_e164(cell) else cell


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """``rows`` as CSV lines (RFC 4180, UTF-8)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escape_formula(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def with_byte_order_mark(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """``chunks`` of a CSV file after ``BYTE_ORDER_MARK``."""
    yield BYTE_ORDER_MARK
    async for chunk in chunks:
        yield chunk


async def csv_of(
    columns: Sequence[str],
    read: Callable[[UUID | None], Awaitable[Sequence[Row]]],
    cells: Callable[[Row], Sequence[Cell]],
) -> AsyncGenerator[bytes, None]:
    """The whole file: a line of ``columns``, then a line for each row that ``read`` returns.

    ``read`` gets the last row's id, None at first, and returns the next batch of rows, at the end an empty one.
    """
    yield csv_lines([columns])
    after: UUID | None = None
    began = time.perf_counter()
    while rows := await read(after):
        lines = csv_lines(cells(row) for row in rows)
        pause = time.perf_counter() - began
        yield lines
        # An export takes at most half of a worker's time, because people wait for the pages of the same worker.
        await asyncio.sleep(pause)
        after = rows[-1].id
        began = time.perf_counter()
