"""Refusals about API keys."""

from kit.errors import Conflict, Forbidden, Unauthenticated


class InvalidApiKey(Unauthenticated):
    """Malformed, unknown or revoked key, or one of a deleted organization; the refusal does not tell which."""

    code = "invalid_api_key"
    message = "Invalid or revoked API key"


class KeyReadOnly(Forbidden):
    """The key's scope is read."""

    code = "key_read_only"
    message = "This API key may only read"


class TooManyKeys(Conflict):
    """The organization has the maximum number of active keys."""

    code = "too_many_keys"
    message = "Too many active API keys. Revoke one first"
