"""Signs and verifies tickets. A ticket proves to this product's own origin that a customer's page was admitted.

The pop-out window and the page in a CRM's frame send requests from the product's own origin, whose ``Origin`` header
does not contain the customer's page; their ticket does. Each exchange checks that page again. A ticket is bound to one
token and valid as long as an access token; its renewals end a day after the first exchange. With its ticket a widget
also keeps its identity when it fetches a new access token: the carrier resumes a live call only for the identity that
began it.
"""

import base64
import re
from functools import lru_cache
from uuid import UUID

import msgspec

from kit.clock import utc_now
from kit.secret_keys import SecretKeys, Signer
from kit.settings import Settings
from widget.client_ids import SignedClientIds, new_client_id

MAX_TICKET_SECONDS = 86_400
"""From the first exchange to the last use of the last renewal, whatever end the ticket states."""
_MAX_CLOCK_DIFFERENCE_SECONDS = 300
"""Between two machines of a deployment."""
_SIGNATURE_BYTES = 18
_OWN_PAGE_MARK = "o"
_ORIGIN_MARK = "p"
# Strict, so that no other text is read as the same ticket: int() also accepts spaces, underscores and other digits.
_FORMAT = re.compile(
    r"(?P<content>(?P<end>[0-9a-f]{8,10})\.(?P<start>[0-9a-f]{8,10})\.(?P<client>[0-9a-f]{16})"
    rf"\.(?:{_OWN_PAGE_MARK}|{_ORIGIN_MARK}(?P<origin>[A-Za-z0-9_-]{{0,400}})))\.(?P<signature>[A-Za-z0-9_-]{{24}})",
    re.ASCII,
)


class Ticket(msgspec.Struct, frozen=True):
    """The contents of a ticket."""

    client_id: str
    origin: bytes | None
    """Origin of the page that was admitted by its headers; empty if it sent none, None for a page of this product."""
    first_exchange: int
    """Unix seconds."""

    @property
    def end(self) -> int:
        """The time at which the ticket and its renewals end, in Unix seconds."""
        return self.first_exchange + MAX_TICKET_SECONDS


class Tickets:
    """Issues and verifies tickets with keys derived from the product's secrets."""

    def __init__(self, secrets: SecretKeys) -> None:
        self._signer = Signer(secrets, "ticket")

    def issue(self, token_id: UUID, ticket: Ticket, expires_at: int) -> str:
        """The text of ``ticket`` for ``token_id``, valid until ``expires_at`` (Unix seconds) or its end."""
        page = _OWN_PAGE_MARK if ticket.origin is None else _encoded_page(ticket.origin)
        content = f"{min(expires_at, ticket.end):08x}.{ticket.first_exchange:08x}.{ticket.client_id}.{page}"
        return f"{content}.{_encoded_signature(self._signer.sign(token_id.bytes + content.encode()))}"

    def read(self, text: str, token_id: UUID, now: int) -> Ticket | None:
        """The ticket in ``text``; None when it is forged, expired or for another token."""
        found = _FORMAT.fullmatch(text)
        if found is None:
            return None
        if not self._signer.verify(token_id.bytes + found["content"].encode(), found["signature"], _encoded_signature):
            return None
        encoded = found["origin"]
        origin = None if encoded is None else base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        ticket = Ticket(found["client"], origin, int(found["start"], 16))
        is_begun = ticket.first_exchange <= now + _MAX_CLOCK_DIFFERENCE_SECONDS
        return ticket if is_begun and now < min(int(found["end"], 16), ticket.end) else None


@lru_cache(maxsize=4096)
def _encoded_page(origin: bytes) -> str:
    return _ORIGIN_MARK + base64.urlsafe_b64encode(origin).decode().rstrip("=")


def _encoded_signature(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature[:_SIGNATURE_BYTES]).decode()


def issue_page_ticket(
    settings: Settings, token_id: UUID, *, member_id: UUID | None = None, origin: bytes | None = None
) -> str:
    """A ticket for a page of this product that is rendered now.

    ``member_id``: the signed-in member for whom the page is rendered; their calls are then attributed to them.
    ``origin``: the customer's page for which it is rendered, which the token's list must allow at each exchange; with
    None the ticket is valid whatever the list contains.
    """
    now = int(utc_now().timestamp())
    client_ids = SignedClientIds(settings.secret_keys)
    client_id = new_client_id() if member_id is None else client_ids.create(token_id, member_id)
    ticket = Ticket(client_id, origin, now)
    return Tickets(settings.secret_keys).issue(token_id, ticket, now + settings.access_token_ttl)
