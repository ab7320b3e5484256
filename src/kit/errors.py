"""Base classes of domain errors, one for each kind, such as not found; ``kit.http.problems`` has their status codes."""

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
    """The request itself is wrong."""


class Unauthenticated(DomainError):
    """The request has no valid credentials."""


class Forbidden(DomainError):
    """The caller is known but lacks the permission."""


class NotFound(DomainError):
    """There is no such record, or the caller may not see it."""

    code = "not_found"
    message = "Not found"


class Conflict(DomainError):
    """The request is valid, but the present state does not allow it."""


class TooMany(DomainError):
    """A rate limit is exceeded; ``retry_after`` is whole seconds."""

    code = "too_many_requests"
    message = "Too many requests"

    def __init__(self, message: str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A service that the product depends on does not respond; a later attempt may succeed."""

    code = "service_unavailable"
    message = "Service temporarily unavailable"
    retry_after: int | None = None
    """Whole seconds after which a later attempt makes sense, where they are known."""

    def __init__(self, message: str | None = None, *, retry_after: int | None = None) -> None:
        """``retry_after`` replaces that of the class."""
        super().__init__(message)
        if retry_after is not None:
            self.retry_after = retry_after


class ValidationFailed(Invalid):
    """Fields of the request are wrong; ``errors`` has pairs of a top-level field and a sentence about it."""

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
    """The body is larger than the route accepts."""

    code = "body_too_large"
    message = "The request body is too large"


class UnsupportedMediaType(Invalid):
    """The route does not accept the body's media type."""

    code = "unsupported_media_type"
    message = "The request body is of a type that is not accepted here"


class MethodNotAllowed(Invalid):
    """The path exists, but not for this method."""

    code = "method_not_allowed"
    message = "This method is not allowed here"
