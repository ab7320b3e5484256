"""Response that streams a CSV file."""

from collections.abc import AsyncIterator

from litestar.response import Stream


def csv_response(name: str, chunks: AsyncIterator[bytes]) -> Stream:
    """A download of the file ``name`` that is sent in ``chunks``."""
    return Stream(
        chunks,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
