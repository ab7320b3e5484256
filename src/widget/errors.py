"""Refusals about embed tokens and their allowed domains."""

from kit.errors import Conflict, Forbidden, Invalid, Unauthenticated, ValidationFailed


class InvalidDomains(ValidationFailed):
    """The list of allowed domains cannot be stored; ``message`` names the entry and what is wrong with it."""

    def __init__(self, message: str) -> None:
        super().__init__([("allowed_domains", message)])
        self.message = message
        self.args = (message,)


class InvalidEmbedToken(Invalid):
    """The text does not have the form of an embed token, or its checksum is wrong."""

    code = "invalid_embed_token"
    message = "Invalid embed token"


class RevokedEmbedToken(Unauthenticated):
    """The token is unknown, revoked, or belongs to a deleted organization; the response is the same for all three."""

    code = "revoked_embed_token"
    message = "Invalid or revoked token"


class DomainNotAllowed(Forbidden):
    """The page's domain is not on the token's list."""

    code = "domain_not_allowed"
    message = "Domain not allowed"

    def __init__(self, domain: str | None = None) -> None:
        """``domain`` is the host in the page's ``Origin``; None when there is none."""
        super().__init__()
        self.domain = domain


class TooManyTokens(Conflict):
    """The organization has the largest allowed number of active tokens."""

    code = "too_many_tokens"
    message = "Too many active tokens. Revoke one that is no longer used first"
