"""Response that streams a CSV file."""

from collections.abc import AsyncIterator
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter
from litestar.response import Stream

from kit.csv_export import with_byte_order_mark

ByteOrderMark: TypeAlias = Annotated[
    bool, QueryParameter(description="Begin the file with a byte order mark, by which Excel recognizes UTF-8.")
]
"""The parameter ``bom`` of a CSV export."""


def csv_response(name: str, chunks: AsyncIterator[bytes], *, bom: bool = False) -> Stream:
    """A download of the file ``name`` that is sent in ``chunks``, after a byte order mark if ``bom``."""
    return Stream(
        with_byte_order_mark(chunks) if bom else chunks,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
