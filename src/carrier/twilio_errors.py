"""Translates errors of the carrier's library, and responses that are not the carrier's, to the port's errors."""

import json
from http import HTTPStatus
from typing import Any

import structlog
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from carrier.port import (
    CarrierAccessRefused,
    CarrierError,
    CarrierRateLimited,
    CarrierUnavailable,
    NotFoundAtCarrier,
    NotInProgressAtCarrier,
)

RESOURCE_NOT_FOUND_CODE = 20404
TOO_MANY_REQUESTS_CODE = 20429
CALL_NOT_IN_PROGRESS_CODE = 21220
PARSING_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""Exceptions of the library and of our own code when a response is not the expected document."""
_CODELESS_STATUSES = (401, 403, 429)
"""HTTP statuses of client errors that are clear without the carrier's error code."""
log = structlog.get_logger("epoch.carrier")


def unreadable_response_error(message: str) -> CarrierUnavailable:
    """The error for a response that does not say what the carrier did; logged, because customers get no reason."""
    advice = "a proxy or firewall may answer in the carrier's place; see `epoch doctor`"
    log.warning("carrier_answer_unreadable", reason=message, advice=advice)
    return CarrierUnavailable(message)


def no_response_error(error: Exception, *, is_sandbox: bool) -> CarrierUnavailable:
    """The error for a request without a response; its message names the host and what to check."""
    import httpx

    try:
        # ``netloc`` is without the user and password that a URL may contain.
        host = error.request.url.netloc.decode() if isinstance(error, httpx.HTTPError) else ""
    except RuntimeError:
        host = ""
    location = f" at {host}" if host else ""
    check = "that `epoch run` is running" if is_sandbox else "this machine's network, DNS, firewall and proxy"
    return CarrierUnavailable(f"no answer from the carrier{location}: check {check}")


def ensure_deleted(response: Any) -> None:
    """Check that the response to a deletion is the carrier's (status 204).

    The library accepts any 2xx status, also that of a proxy's page.

    Raises:
        ValueError: another status; it is one of ``PARSING_ERRORS``.
    """
    if response.status_code != HTTPStatus.NO_CONTENT:
        raise ValueError


def translate_error(error: TwilioException, retry_after: int | None) -> CarrierError:
    """Return the port's error for an error of the library; ``retry_after`` is that of the response."""
    # The library's message quotes URLs and responses, phone numbers included; log only status and code.
    status, code = _status_and_code(error)
    if code is None and status < 500 and status not in _CODELESS_STATUSES:
        # The carrier sends a code with each error, so that this response is not the carrier's: a proxy's page with
        # the status 404 does not mean that the carrier has no such number.
        return unreadable_response_error(
            f"an answer without the carrier's error code: HTTP {status}" if status else "not a list of the carrier"
        )
    return _error_of(status, code, retry_after)


def _error_of(status: int, code: int | None, retry_after: int | None) -> CarrierError:
    message = f"the carrier answered {status} (code {code})"
    if code == CALL_NOT_IN_PROGRESS_CODE:
        return NotInProgressAtCarrier(message, code=code)
    if status == 404 or code == RESOURCE_NOT_FOUND_CODE:
        return NotFoundAtCarrier(message, code=code)
    if status in (401, 403):
        return CarrierAccessRefused(message, code=code)
    if status == 429 or code == TOO_MANY_REQUESTS_CODE:
        return CarrierRateLimited(message, code=code, retry_after=retry_after)
    if status >= 500:
        return CarrierUnavailable(message, code=code, retry_after=retry_after)
    return CarrierError(message, code=code)


def error_of_status(status: int) -> CarrierError:
    """The port's error for a response without a JSON document, such as that to a request for audio."""
    return _error_of(status, None, None)


def _status_and_code(error: TwilioException) -> tuple[int, int | None]:
    """The HTTP status, 0 without a response; and the carrier's error code, None where it gave none."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        # Without a readable body the library repeats the status as the code.
        return error.status, None if error.code == error.status else error.code
    # Lists fail with the base class, whose second argument is the response.
    response = next((argument for argument in error.args[1:] if hasattr(argument, "status_code")), None)
    if response is None:
        return 0, None
    try:
        return response.status_code, json.loads(response.text).get("code")
    except (AttributeError, ValueError):
        return response.status_code, None
