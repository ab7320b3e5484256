"""HTTP error responses that the server sends without the application: refused connection, time-out, invalid HTTP."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from kit.errors import DomainError, Invalid, TooMany, Unavailable
from kit.http.problems import MEDIA_TYPE, problem_body
from kit.http.security_headers import SecurityHeaders

RETRY_SECONDS = 5


class RequestTimeout(Invalid):
    """The client did not send its request in time."""

    code = "request_timeout"
    message = "The request did not arrive in time. Send it again"


class MalformedHttp(Invalid):
    """The client sent something other than an HTTP request."""

    code = "malformed_request"
    message = "The request is not valid HTTP"


class RawResponses:
    """The complete responses as bytes, with the security headers that every answer has."""

    def __init__(self, security_headers: SecurityHeaders) -> None:
        self._security_headers = security_headers
        retry = {"retry-after": str(RETRY_SECONDS)}
        self.malformed = self._encode(HTTPStatus.BAD_REQUEST, MalformedHttp())
        self.timeout = self._encode(HTTPStatus.REQUEST_TIMEOUT, RequestTimeout())
        self.client_refused = self._encode(HTTPStatus.TOO_MANY_REQUESTS, TooMany(), retry)
        self.worker_refused = self._encode(HTTPStatus.SERVICE_UNAVAILABLE, Unavailable(), retry)

    def _encode(self, status: HTTPStatus, error: DomainError, further: Mapping[str, str] | None = None) -> bytes:
        body = msgspec.json.encode(problem_body(error) | {"status": int(status)})
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            # The widget on a customer's page must be able to read the error.
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "retry-after",
            **(further or {}),
            "connection": "close",
        }
        lines = self._security_headers.complete((name.encode(), value.encode()) for name, value in headers.items())
        head = b"".join(b"%s: %s\r\n" % line for line in lines)
        return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status.value, status.phrase.encode(), head, body)
