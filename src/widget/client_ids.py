"""Random client ids of widgets, signed when issued to a member who is signed in.

A client id is the 16 hex digits at the end of a widget's identity; it distinguishes widgets with the same token. The
identity is the only part of a call that the browser cannot choose, so it also records the member, where one is known:
part of a signed client id is a MAC over the member's id. Signed and random client ids look alike, and only the server
can make or verify a signed one.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from uuid import UUID

from kit.secrets import derive_key

_RANDOM_DIGITS, _CHECK_DIGITS, _OWNER_DIGITS = 5, 3, 8
"""Hex digits of a signed client id. By the check digits all but 1 in 4,096 random client ids skip the member lookup."""


def new_client_id() -> str:
    """A random client id that belongs to nobody."""
    return secrets.token_hex(8)


class SignedClientIds:
    """Makes and verifies the client ids of members, with a key derived from the product's secret.

    A random client id passes for a member's with a probability of 2^-44. The server draws client ids itself, at most
    20 a second for a token, and only the name shown beside a call depends on them.
    """

    def __init__(self, secret: str) -> None:
        self._key = derive_key(secret, "member-phone")

    def create(self, token_id: UUID, user_id: UUID) -> str:
        """A new client id of ``user_id`` for ``token_id``."""
        nonce = secrets.token_hex(_RANDOM_DIGITS)[:_RANDOM_DIGITS]
        return nonce + self._check_digits(token_id, nonce) + self._owner_digits(token_id, nonce, user_id)

    def may_be_signed(self, token_id: UUID, client_id: str) -> bool:
        """False for nearly every random client id, decided without the list of members."""
        nonce, check = client_id[:_RANDOM_DIGITS], client_id[_RANDOM_DIGITS:-_OWNER_DIGITS]
        return hmac.compare_digest(check, self._check_digits(token_id, nonce))

    def owner_of(self, token_id: UUID, client_id: str, user_ids: Iterable[UUID]) -> UUID | None:
        """The member of ``user_ids`` that the client id was made for; None for all others."""
        nonce, owner = client_id[:_RANDOM_DIGITS], client_id[-_OWNER_DIGITS:]
        return next(
            (user for user in user_ids if hmac.compare_digest(owner, self._owner_digits(token_id, nonce, user))), None
        )

    def _check_digits(self, token_id: UUID, nonce: str) -> str:
        return self._mac(b"mark" + token_id.bytes + nonce.encode())[:_CHECK_DIGITS]

    def _owner_digits(self, token_id: UUID, nonce: str, user_id: UUID) -> str:
        return self._mac(b"person" + token_id.bytes + nonce.encode() + user_id.bytes)[:_OWNER_DIGITS]

    def _mac(self, message: bytes) -> str:
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
