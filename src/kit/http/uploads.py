"""Reads one uploaded file into memory: the whole body, or the file of a form (``multipart/form-data``)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from kit.errors import BodyTooLarge, MalformedRequest

FORM_OVERHEAD_BYTES = 16_384
"""The greatest size of a form's body without its file."""
_MAX_PARTS = 10


class Upload(msgspec.Struct, frozen=True):
    """An uploaded file."""

    content: bytes
    file_name: str
    """The name that the browser sent, without folders; empty for a file that is the whole body."""


async def read_upload(request: Request[Any, Any, Any], *, max_bytes: int, too_large: type[BodyTooLarge]) -> Upload:
    """Read the file of ``request``, whose body is limited to ``max_bytes`` + ``FORM_OVERHEAD_BYTES``.

    Raises: ``too_large``; MalformedRequest, when the body is a form that cannot be read or has no file.
    """
    try:
        body = await request.body()
    except RequestEntityTooLarge as error:
        raise too_large from error
    upload = upload_of(request.headers, body)
    if len(upload.content) > max_bytes:
        raise too_large
    return upload


def upload_of(headers: Mapping[str, str], body: bytes) -> Upload:
    """The file in ``body``; of several files in a form the first. Raises: MalformedRequest."""
    media_type, options = parse_options_header(headers.get("content-type", ""))
    if media_type != "multipart/form-data":
        return Upload(body, "")
    try:
        return _first_file(body, options.get("boundary", ""))
    except (MultipartError, UnicodeError) as error:
        raise MalformedRequest("The form could not be read") from error


def _first_file(body: bytes, boundary: str) -> Upload:
    found: MultipartSegment | None = None
    content = bytearray()
    with PushMultipartParser(boundary, max_segment_count=_MAX_PARTS, strict=True) as parser:
        is_wanted = False
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                is_wanted = found is None and event.filename is not None
                found = event if is_wanted else found
            elif event is not None and is_wanted:
                content += event
    if found is None:
        raise MalformedRequest("The form has no file")
    name = (found.filename or "").replace("\\", "/").rpartition("/")[2]
    return Upload(bytes(content), name)
