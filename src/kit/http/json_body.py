"""Checks the body of JSON routes before their handlers run: media type, UTF-8, depth of nesting."""

from typing import Any

import msgspec
from litestar import Request

from kit.errors import MalformedRequest, UnsupportedMediaType

BODY_BYTES = 65_536
MAX_DEPTH = 32
WRITES = frozenset({"POST", "PUT", "PATCH"})


async def check_json_body(request: Request[Any, Any, Any]) -> None:
    """Check that the body of a write is JSON in UTF-8 and at most ``MAX_DEPTH`` levels deep. Runs after the guards.

    Raises:
        UnsupportedMediaType: the media type is not JSON.
        MalformedRequest: the body is not valid JSON, or nested too deeply.
    """
    if request.method not in WRITES:
        return
    media_type = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("Send JSON as application/json")
    body = await request.body()
    if nesting(body) > MAX_DEPTH:
        raise MalformedRequest(f"The body is nested more than {MAX_DEPTH} levels deep")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON in UTF-8") from error


def nesting(body: bytes) -> int:
    """The depth of nested brackets in a JSON text; brackets in strings do not count."""
    deepest = depth = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
