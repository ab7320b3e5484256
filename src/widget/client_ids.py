"""What tells one widget from another with the same token: 16 hex digits of its identity.

The identity is the only thing in a call that the browser cannot choose, so it is also where we note who is calling when
we know it: the digits of a phone that we made for a person who is signed in are a signature over that person. They look
as random as any others, and only we can make or read them.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from uuid import UUID

_RANDOM, _MARK, _PERSON = 5, 3, 8
"""Hex digits: a random part, a mark that spares all but one in 4,096 other phones the search, and whose it is."""


def new_phone() -> str:
    """A phone of nobody in particular."""
    return secrets.token_hex(8)


class MemberPhones:
    """Makes and recognises the phones of people who are signed in, with a key derived from the product's secret.

    44 bits stand against a phone that is nobody's being taken for a member's; the server draws the digits, at most
    20 times a second for a token, and nothing but the name beside a call depends on them.
    """

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"member-phone:" + secret.encode()).digest()

    def new_of(self, token_id: UUID, user_id: UUID) -> str:
        """A phone of ``user_id`` with ``token_id``."""
        drawn = secrets.token_hex(_RANDOM)[:_RANDOM]
        return drawn + self._mark(token_id, drawn) + self._person(token_id, drawn, user_id)

    def may_be_a_members(self, token_id: UUID, phone: str) -> bool:
        """False for nearly every phone that is nobody's, without knowing the members."""
        drawn, mark = phone[:_RANDOM], phone[_RANDOM:-_PERSON]
        return hmac.compare_digest(mark, self._mark(token_id, drawn))

    def whose(self, token_id: UUID, phone: str, user_ids: Iterable[UUID]) -> UUID | None:
        """Which of ``user_ids`` the phone was made for."""
        drawn, person = phone[:_RANDOM], phone[-_PERSON:]
        return next((one for one in user_ids if hmac.compare_digest(person, self._person(token_id, drawn, one))), None)

    def _mark(self, token_id: UUID, drawn: str) -> str:
        return self._digits(b"mark" + token_id.bytes + drawn.encode())[:_MARK]

    def _person(self, token_id: UUID, drawn: str, user_id: UUID) -> str:
        return self._digits(b"person" + token_id.bytes + drawn.encode() + user_id.bytes)[:_PERSON]

    def _digits(self, message: bytes) -> str:
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
