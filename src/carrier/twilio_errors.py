"""Translates errors of the carrier's library, and answers that are not the carrier's, into the port's errors."""

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
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""Errors of the library and of our own reading when an answer is not the document that it should be."""
_CODELESS_STATUSES = (401, 403, 429)
"""Client errors that say enough without a code."""
log = structlog.get_logger("epoch.carrier")


def unreadable(message: str) -> CarrierUnavailable:
    """The error for an answer that does not say what the carrier did; logged, because customers get no reason."""
    advice = "a proxy or firewall may answer in the carrier's place; see `epoch doctor`"
    log.warning("carrier_answer_unreadable", reason=message, advice=advice)
    return CarrierUnavailable(message)


def no_answer(error: Exception, *, is_sandbox: bool) -> CarrierUnavailable:
    """The error for a request without an answer; it names the host and what to check."""
    import httpx

    try:
        # Without a login, which a URL may have.
        host = error.request.url.netloc.decode() if isinstance(error, httpx.HTTPError) else ""
    except RuntimeError:
        host = ""
    where = f" at {host}" if host else ""
    subject = "that `epoch run` is running" if is_sandbox else "this machine's network, DNS, firewall and proxy"
    return CarrierUnavailable(f"no answer from the carrier{where}: check {subject}")


def ensure_deleted(response: Any) -> None:
    """Raise an error of ``UNREADABLE``, unless a deletion was answered as the carrier does.

    The library takes any 2xx for a deletion, also the page of a proxy.
    """
    if response.status_code != HTTPStatus.NO_CONTENT:
        raise ValueError


def translated(error: TwilioException, retry_after: int | None) -> CarrierError:
    """The port's error for one of the library's; ``retry_after`` is the response's."""
    # The library's message quotes URLs and responses, phone numbers included; log only status and code.
    status, code = _status_and_code(error)
    if code is None and status < 500 and status not in _CODELESS_STATUSES:
        # The carrier gives a code with each error. Whoever answered here knows nothing of the carrier's resources:
        # a page with 404 does not mean that the carrier has no such number.
        what = f"an answer without the carrier's error code: HTTP {status}" if status else "not a list of the carrier"
        return unreadable(what)
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
    """The port's error for an answer that is no document, such as that to a request for audio."""
    return _error_of(status, None, None)


def _status_and_code(error: TwilioException) -> tuple[int, int | None]:
    """Status, 0 without a response, and the carrier's code, None where it gave none."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        # Without a readable body the library repeats the status as the code.
        return error.status, None if error.code == error.status else error.code
    # Lists fail with the base class, whose second argument is the response.
    answer = next((argument for argument in error.args[1:] if hasattr(argument, "status_code")), None)
    if answer is None:
        return 0, None
    try:
        return answer.status_code, json.loads(answer.text).get("code")
    except (AttributeError, ValueError):
        return answer.status_code, None
