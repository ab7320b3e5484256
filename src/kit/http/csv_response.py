"""Response that streams a CSV file, and the query parameter for its byte order mark."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter
from litestar.response import Stream

from kit.csv_export import with_byte_order_mark
from kit.http.data_age import AS_OF_HEADER
from kit.schemas import rfc3339

ByteOrderMark: TypeAlias = Annotated[
    bool, QueryParameter(description="Begin the file with a byte order mark, by which Excel recognizes UTF-8.")
]
"""The parameter ``bom`` of a CSV export."""


def csv_response(
    name: str, chunks: AsyncIterator[bytes], *, bom: bool = False, as_of: datetime | None = None
) -> Stream:
    """A download of the file ``name`` that is sent in ``chunks``, after a byte order mark if ``bom``.

    ``as_of`` is the time up to which the rows are complete; None means now.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if as_of is not None:
        headers[AS_OF_HEADER] = rfc3339(as_of) or ""
    return Stream(
        with_byte_order_mark(chunks) if bom else chunks, media_type="text/csv; charset=utf-8", headers=headers
    )
