"""Makes the random client ids of widgets, and signed client ids, from which the server can find the member.

A client id is the 16 hex digits at the end of a widget's identity; it distinguishes widgets with the same token. The
identity is the only part of a call that the browser cannot choose, so it also identifies a signed-in member: a part of
a signed client id is a MAC over the member's id. Signed and random client ids look alike, and only the server can make
or verify a signed one.
"""

import secrets
from collections.abc import Iterable
from uuid import UUID

from kit.random_digits import RandomDigits
from kit.secret_keys import SecretKeys, Signer

_RANDOM_DIGITS, _CHECK_DIGITS, _OWNER_DIGITS = 5, 3, 8
"""Hex digits of a signed client id. By the check digits all but 1 in 4,096 random client ids skip the member lookup."""
_CLIENT_IDS = RandomDigits(16)


def new_client_id() -> str:
    """A random client id, which belongs to no member."""
    return _CLIENT_IDS.draw()


def identity_of(token_id: UUID, client_id: str) -> str:
    """The identity of a widget at the carrier; it is signed in the access token, so a browser cannot change it."""
    return f"w_{token_id.hex}_{client_id}"


class SignedClientIds:
    """Makes and verifies the client ids of members, with keys derived from the product's secrets.

    A random client id is taken for a member's with a probability of 2^-44 for each key. The server makes all of them,
    at most 20 a second for a token, and only the name shown with a call depends on them.
    """

    def __init__(self, keys: SecretKeys) -> None:
        self._signer = Signer(keys, "member-phone")

    def create(self, token_id: UUID, user_id: UUID) -> str:
        """A new client id of ``user_id`` for ``token_id``."""
        nonce = secrets.token_hex(_RANDOM_DIGITS)[:_RANDOM_DIGITS]
        check = _check_digits(self._signer.sign(_check_message(token_id, nonce)))
        return nonce + check + _owner_digits(self._signer.sign(_owner_message(token_id, nonce, user_id)))

    def may_be_signed(self, token_id: UUID, client_id: str) -> bool:
        """True for each signed client id and for 1 in 4,096 random ones; needs no list of members."""
        nonce, check = client_id[:_RANDOM_DIGITS], client_id[_RANDOM_DIGITS:-_OWNER_DIGITS]
        return self._signer.verify(_check_message(token_id, nonce), check, _check_digits)

    def owner_of(self, token_id: UUID, client_id: str, user_ids: Iterable[UUID]) -> UUID | None:
        """The member of ``user_ids`` for whom the client id was made; None if it was made for none of them."""
        nonce, owner = client_id[:_RANDOM_DIGITS], client_id[-_OWNER_DIGITS:]
        return next(
            (
                user
                for user in user_ids
                if self._signer.verify(_owner_message(token_id, nonce, user), owner, _owner_digits)
            ),
            None,
        )


def _check_message(token_id: UUID, nonce: str) -> bytes:
    return b"mark" + token_id.bytes + nonce.encode()


def _owner_message(token_id: UUID, nonce: str, user_id: UUID) -> bytes:
    return b"person" + token_id.bytes + nonce.encode() + user_id.bytes


def _check_digits(signature: bytes) -> str:
    return signature.hex()[:_CHECK_DIGITS]


def _owner_digits(signature: bytes) -> str:
    return signature.hex()[:_OWNER_DIGITS]
