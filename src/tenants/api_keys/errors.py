"""Refusals about API keys."""

from kit.errors import Conflict, Forbidden, Unauthenticated


class InvalidApiKey(Unauthenticated):
    """Not a key, unknown, revoked, or of a deleted organization: these are not told apart."""

    code = "invalid_api_key"
    message = "Invalid or revoked API key"


class KeyReadOnly(Forbidden):
    """The key's scope is read."""

    code = "key_read_only"
    message = "This API key may only read"


class TooManyKeys(Conflict):
    """The organization holds as many active keys as it may."""

    code = "too_many_keys"
    message = "Too many active API keys. Revoke one first"
