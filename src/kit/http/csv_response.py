"""A CSV file as a response that is sent chunk by chunk."""

from collections.abc import AsyncIterator

from litestar.response import Stream


def csv_response(name: str, chunks: AsyncIterator[bytes]) -> Stream:
    """The file ``name``, sent chunk by chunk."""
    return Stream(
        chunks,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )
