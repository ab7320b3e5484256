"""Tickets: our signed word that a page of ours may present a token on behalf of a page that was admitted.

A pop-out window or the page in a CRM's frame calls from our own origin, which says nothing about who embeds it. The
ticket, bound to one token and as short-lived as an access token, carries that over.
"""

import base64
import hashlib
import hmac
from uuid import UUID


class Tickets:
    """Makes and reads tickets with a key derived from the product's secret."""

    def __init__(self, secret: str) -> None:
        self._mac = hmac.new(hashlib.sha256(b"ticket:" + secret.encode()).digest(), digestmod=hashlib.sha256)

    def issue(self, token_id: UUID, expires_at: int) -> str:
        """A ticket for ``token_id``, good until ``expires_at`` (Unix seconds)."""
        return f"{expires_at:x}.{self._signature(token_id, expires_at)}"

    def is_valid(self, ticket: str, token_id: UUID, now: int) -> bool:
        """True when ``ticket`` is ours, for ``token_id``, and not over."""
        expiry, _, signature = ticket.partition(".")
        try:
            expires_at = int(expiry, 16)
        except ValueError:
            return False
        if not now < expires_at < 1 << 40:
            return False
        return hmac.compare_digest(signature.encode(), self._signature(token_id, expires_at).encode())

    def _signature(self, token_id: UUID, expires_at: int) -> str:
        mac = self._mac.copy()
        mac.update(token_id.bytes + expires_at.to_bytes(8, "big"))
        return base64.urlsafe_b64encode(mac.digest()[:18]).decode()
