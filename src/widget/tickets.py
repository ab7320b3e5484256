"""Signs and verifies tickets: proof that a page of this product may use a token on behalf of an allowed page.

The pop-out window and the page in a CRM's frame send requests from the product's own origin, which does not tell who
embeds them; the ticket does. It is bound to one token and lives as long as an access token. It also lets a widget keep
its identity when it fetches a new access token: the carrier resumes a live call only for the identity that began it.
"""

import base64
import hashlib
import hmac
from uuid import UUID

from kit.clock import utc_now
from kit.secrets import derive_key
from kit.settings import Settings
from widget.client_ids import SignedClientIds, new_client_id

MAX_TICKET_SECONDS = 86_400 + 300
"""The longest lifetime of an access token, and a difference between machines' clocks. No signature extends it."""


class Tickets:
    """Issues and verifies tickets with a key derived from the product's secret."""

    def __init__(self, secret: str) -> None:
        self._mac = hmac.new(derive_key(secret, "ticket"), digestmod=hashlib.sha256)

    def issue(self, token_id: UUID, expires_at: int, client_id: str | None = None) -> str:
        """A ticket for ``token_id``, valid until ``expires_at`` (Unix seconds), for ``client_id`` or a new one."""
        client_id = client_id or new_client_id()
        return f"{expires_at:x}.{client_id}.{self._signature(token_id, expires_at, client_id)}"

    def read(self, ticket: str, token_id: UUID, now: int) -> str | None:
        """The client id in ``ticket``; None when the ticket is forged, expired or for another token."""
        expiry, _, rest = ticket.partition(".")
        client_id, _, signature = rest.partition(".")
        try:
            expires_at = int(expiry, 16)
        except ValueError:
            return None
        if not now < expires_at <= now + MAX_TICKET_SECONDS:
            return None
        expected = self._signature(token_id, expires_at, client_id)
        return client_id if hmac.compare_digest(signature.encode(), expected.encode()) else None

    def _signature(self, token_id: UUID, expires_at: int, client_id: str) -> str:
        mac = self._mac.copy()
        mac.update(token_id.bytes + expires_at.to_bytes(8, "big") + client_id.encode("utf-8", "surrogatepass"))
        return base64.urlsafe_b64encode(mac.digest()[:18]).decode()


def issue_page_ticket(settings: Settings, token_id: UUID, *, member_id: UUID | None = None) -> str:
    """A ticket for a page of this product that is rendered now; with it ``token_id`` works whatever domains it lists.

    ``member_id``: the signed-in person that the page is rendered for; their calls are then attributed to them.
    """
    expires_at = int(utc_now().timestamp()) + settings.access_token_ttl
    client_id = None if member_id is None else SignedClientIds(settings.secret_key).create(token_id, member_id)
    return Tickets(settings.secret_key).issue(token_id, expires_at, client_id)
