"""Responses with a file in memory or a part of it: answers the header ``Range`` (RFC 9110, section 14)."""

import re

from litestar import Response

_RANGE = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})")


def ranged_response(content: bytes, media_type: str, range_header: str | None) -> Response[bytes]:
    """``content``, or the range of it that the header ``Range`` asks for; 416 for a range outside it.

    Several ranges and invalid ones are ignored, as the standard allows: then the whole content is sent.
    """
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    found = None if range_header is None else _RANGE.fullmatch(range_header.strip())
    if found is None or found.groups() == ("", ""):
        return Response(content, media_type=media_type, status_code=200, headers=headers)
    size = len(content)
    first, last = _bounds(found[1], found[2], size)
    if first >= size or last < first:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(b"", media_type=media_type, status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(content[first : last + 1], media_type=media_type, status_code=206, headers=headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        # ``bytes=-500`` asks for the last 500 bytes.
        return max(size - int(last), 0) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
