"""Domain errors and their kinds; ``kit.http.problems`` maps each kind to a status code."""

from typing import ClassVar


class DomainError(Exception):
    """A refusal with a stable ``code`` for programs and one ``message`` for people."""

    code: ClassVar[str] = "refused"
    message: str = "The request was refused"

    def __init__(self, message: str | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)


class Invalid(DomainError):
    """The request itself cannot be right."""


class Unauthenticated(DomainError):
    """Nobody, or nobody we know, is asking."""


class Forbidden(DomainError):
    """Whoever asks may not have it."""


class NotFound(DomainError):
    """There is no such thing, or none that the asker may know of."""

    code = "not_found"
    message = "Not found"


class Conflict(DomainError):
    """Right in itself, but not in the present state of affairs."""


class TooMany(DomainError):
    """Asked too often; ``retry_after`` is whole seconds."""

    code = "too_many_requests"
    message = "Too many requests"

    def __init__(self, message: str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part we need does not answer now; trying later may work."""

    code = "service_unavailable"
    message = "Service temporarily unavailable"


class ValidationFailed(Invalid):
    """Fields of the request are wrong; ``errors`` pairs each top-level field with a sentence about it."""

    code = "validation_failed"
    message = "Some fields are not right"

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class MalformedRequest(Invalid):
    """The body cannot be read at all."""

    code = "malformed_request"
    message = "The request body could not be read"


class BodyTooLarge(Invalid):
    """The body is longer than the route takes."""

    code = "body_too_large"
    message = "The request body is too large"


class UnsupportedMediaType(Invalid):
    """The body is of a type that the route does not read."""

    code = "unsupported_media_type"
    message = "The request body is of a type that is not accepted here"


class MethodNotAllowed(Invalid):
    """The path exists, but not for this method."""

    code = "method_not_allowed"
    message = "This method is not allowed here"
