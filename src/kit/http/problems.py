"""Translates domain errors to RFC 9457 problem details, and unexpected errors to a 500 without details."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from kit import errors
from kit.errors import DomainError
from kit.failures import FAILURES, is_client_disconnected
from kit.http.validation_messages import humanize

MEDIA_TYPE = "application/problem+json"
STATUS_BY_KIND: Mapping[type[DomainError], int] = {
    errors.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODE_BY_STATUS = {
    400: "malformed_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "service_unavailable",
}
_WHOLE_BODY = "data"
"""The framework's name of the body, which is the key of errors that have no path."""
_LIST_FIELD = re.compile(rf" - at `\$\.{_WHOLE_BODY}\[[^\]]*\]\.([^.\[`]+)")
"""In an error of the framework: the name of a field of an item, where the body is a list."""


def status_of(error: DomainError) -> int:
    """The HTTP status for ``error``: that of its class in ``STATUS_BY_KIND``, else that of its kind."""
    return int(next(status for kind, status in STATUS_BY_KIND.items() if isinstance(error, kind)))


def problem_body(error: DomainError) -> dict[str, Any]:
    """The problem details of ``error``."""
    body = _body(status_of(error), error.code, error.message)
    if isinstance(error, errors.ValidationFailed):
        body["errors"] = [{"field": field, "message": message} for field, message in error.errors]
    return body


def problem_headers(error: DomainError) -> dict[str, str]:
    """Additional headers of the response to ``error``."""
    seconds = error.retry_after if isinstance(error, errors.TooMany | errors.Unavailable) else None
    return {} if seconds is None else {"Retry-After": str(seconds)}


def problem_answer(error: Exception, *, where: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of the answer to ``error``, for endpoints without the framework; reports faults.

    ``where`` is the path of the request.
    """
    refusal = error if isinstance(error, DomainError) else _refusal_for_fault(error, where)
    body = _FAULT if refusal is None else problem_body(refusal)
    additional = {} if refusal is None else problem_headers(refusal)
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **additional}
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return int(body["status"]), lines, msgspec.json.encode(body)


def _refusal_for_fault(error: Exception, where: str) -> DomainError | None:
    """The domain error to answer with for an unexpected error; None for a fault of ours. Also reports the error.

    An error that means that the client disconnected is not reported.
    """
    if is_client_disconnected(error):
        return errors.MalformedRequest()
    return errors.Unavailable() if FAILURES.report(error, where=where) else None


def _body(status: int, code: str, message: str) -> dict[str, Any]:
    return {"type": f"/problems/{code}", "title": message, "status": status, "detail": message, "code": code}


def _response(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        status_code=body["status"],
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _on_refusal(_: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    return _response(problem_body(error), problem_headers(error))


def _on_validation(_: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    # For a body that is a list, only the error that the framework caught names the field.
    list_field = _LIST_FIELD.search(str(error.__cause__))
    field_errors = [
        _field_error({**item, "key": list_field[1]} if list_field and item.get("key") == _WHOLE_BODY else item)
        for item in error.extra or []
        if isinstance(item, dict)
    ]
    whole_request = [("", "The request does not have the expected form")]
    return _on_refusal(_, errors.ValidationFailed(field_errors or whole_request))


def _field_error(item: Mapping[str, Any]) -> tuple[str, str]:
    """The top-level field of msgspec's error in ``item``, and a message for people."""
    message = str(item.get("message", "Not valid"))
    field = re.split(r"[.\[]", str(item.get("key", "")))[0]
    # ``key`` names the field that contains the invalid object; for the body itself only the message names the field.
    outer = "" if field == _WHOLE_BODY else field
    if unknown := re.search(r"unknown field `([^`]*)`", message):
        return outer or unknown[1], f"It has no field {unknown[1]}" if outer else "There is no such field to set"
    if missing := re.search(r"missing required field `([^`]*)`", message):
        return outer or missing[1], f"It needs the field {missing[1]}" if outer else "This field is required"
    return field, humanize(message.split(" - at ", maxsplit=1)[0])


def field_error(error: msgspec.ValidationError) -> tuple[str, str]:
    """The top-level field that ``error`` is about, empty if it names none, and a message for people."""
    message, _, path = str(error).partition(" - at ")
    return _field_error({"message": message, "key": path.strip("`").removeprefix("$").removeprefix(".")})


def _on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _on_fault(request, error)
    if status == HTTPStatus.NOT_FOUND:
        # The router raises it for an unknown path or a malformed id; the response is the same as for an unknown id.
        return _on_refusal(request, errors.NotFound())
    code = _CODE_BY_STATUS.get(status, "refused")
    return _response(_body(status, code, HTTPStatus(status).phrase), error.headers)


def _on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    refusal = _refusal_for_fault(error, request.scope["path"])
    return _response(_FAULT) if refusal is None else _on_refusal(request, refusal)


# The response never contains the exception's text, which may contain a customer's input.
_FAULT = _body(500, "internal_error", "Something went wrong on our side")
EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    DomainError: _on_refusal,
    ValidationException: _on_validation,
    HTTPException: _on_http,
    Exception: _on_fault,
}
