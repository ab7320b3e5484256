"""Checks the body of JSON routes before their handlers run: media type, UTF-8, depth of nesting, each field."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request

from kit.errors import MalformedRequest, UnsupportedMediaType, ValidationFailed
from kit.http.problems import field_error

BODY_BYTES = 65_536
MAX_DEPTH = 32
WRITE_METHODS = frozenset({"POST", "PUT", "PATCH"})


async def check_json_body(request: Request[Any, Any, Any]) -> None:
    """Check that the body of a write is JSON in UTF-8 and at most ``MAX_DEPTH`` levels deep. Runs after the guards.

    A handler that takes no body accepts a request without one.

    Raises:
        UnsupportedMediaType: the media type is not JSON.
        MalformedRequest: the body is not valid JSON, or nested too deeply.
    """
    if request.method not in WRITE_METHODS:
        return
    if "data" not in request.route_handler.parsed_fn_signature.parameters and not await request.body():
        return
    media_type = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("Send JSON as application/json")
    body = await request.body()
    if nesting_depth(body) > MAX_DEPTH:
        raise MalformedRequest(f"The body is nested more than {MAX_DEPTH} levels deep")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON in UTF-8") from error


def check_every_field(kind: type[msgspec.Struct]) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    """A check for ``before_request``: as ``check_json_body``, and reports all invalid fields of ``kind`` together.

    The framework reports only the first invalid field. The check also raises ValidationFailed.
    """

    async def check(request: Request[Any, Any, Any]) -> None:
        await check_json_body(request)
        body = msgspec.json.decode(await request.body())
        # The framework refuses a body that is no object.
        if isinstance(body, dict) and (errors := _field_errors(body, kind)):
            raise ValidationFailed(errors)

    return check


def _field_errors(body: dict[str, Any], kind: type[msgspec.Struct]) -> list[tuple[str, str]]:
    errors, fields = list[tuple[str, str]](), msgspec.structs.fields(kind)
    for field in fields:
        name = field.encode_name
        if name not in body:
            errors += [(name, "This field is required")] if field.required else []
            continue
        try:
            msgspec.convert(body[name], field.type, strict=False)
        except msgspec.ValidationError as error:
            errors.append((name, field_error(error)[1]))
    known = {field.encode_name for field in fields}
    return errors + [(name, "There is no such field to set") for name in body if name not in known]


def nesting_depth(body: bytes) -> int:
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
