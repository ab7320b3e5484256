"""Tickets: our signed word that a page of ours may present a token on behalf of a page that was admitted.

A pop-out window or the page in a CRM's frame calls from our own origin, which says nothing about who embeds it. The
ticket, bound to one token and as short-lived as an access token, carries that over. It also lets a widget keep its
identity when it fetches a new access token: the carrier takes a live call up again only for the identity that began it.
"""

import base64
import hashlib
import hmac
from uuid import UUID

from kit.clock import utc_now
from kit.settings import Settings
from widget.client_ids import MemberPhones, new_phone


class Tickets:
    """Makes and reads tickets with a key derived from the product's secret."""

    def __init__(self, secret: str) -> None:
        self._mac = hmac.new(hashlib.sha256(b"ticket:" + secret.encode()).digest(), digestmod=hashlib.sha256)

    def issue(self, token_id: UUID, expires_at: int, phone: str | None = None) -> str:
        """A ticket for ``token_id``, good until ``expires_at`` (Unix seconds), that carries on as ``phone``.

        ``phone`` is 16 hex digits that tell this widget from others with the same token; new ones by default.
        """
        phone = phone or new_phone()
        return f"{expires_at:x}.{phone}.{self._signature(token_id, expires_at, phone)}"

    def read(self, ticket: str, token_id: UUID, now: int) -> str | None:
        """The phone that ``ticket`` is for; None when it is not ours, for another token, or over."""
        expiry, _, rest = ticket.partition(".")
        phone, _, signature = rest.partition(".")
        try:
            expires_at = int(expiry, 16)
        except ValueError:
            return None
        if not now < expires_at < 1 << 40:
            return None
        expected = self._signature(token_id, expires_at, phone)
        return phone if hmac.compare_digest(signature.encode(), expected.encode()) else None

    def _signature(self, token_id: UUID, expires_at: int, phone: str) -> str:
        mac = self._mac.copy()
        mac.update(token_id.bytes + expires_at.to_bytes(8, "big") + phone.encode("utf-8", "surrogatepass"))
        return base64.urlsafe_b64encode(mac.digest()[:18]).decode()


def page_ticket(settings: Settings, token_id: UUID, *, member_id: UUID | None = None) -> str:
    """Our word that a page of ours, made now, may try ``token_id``, whatever domains the token lists.

    ``member_id``: for whom the page was made, when somebody is signed in; their calls are then known to be theirs.
    """
    expires_at = int(utc_now().timestamp()) + settings.access_token_ttl
    phone = None if member_id is None else MemberPhones(settings.secret_key).new_of(token_id, member_id)
    return Tickets(settings.secret_key).issue(token_id, expires_at, phone)
