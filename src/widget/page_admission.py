"""Decides whether a page may use an embed token, by its own headers or by a ticket. Pure."""

from collections.abc import Sequence

from widget import domains
from widget.client_ids import new_client_id
from widget.errors import DomainNotAllowed
from widget.tickets import Ticket


def ensure_page_allowed(
    allowed_domains: Sequence[str],
    origins: Sequence[bytes],
    referers: Sequence[bytes],
    *,
    own_origin: bytes,
    ticket: Ticket | None,
    now: int,
) -> Ticket:
    """Return the contents of the page's next ticket; ``ticket`` stays valid for the page in it and for our own origin.

    Our own origin is judged like any other, or by the page that the ticket remembers, against the list of today.

    Raises:
        DomainNotAllowed: the list names neither.
    """
    page, is_own = domains.page_origin(origins, referers), tuple(origins) == (own_origin,)
    continued = ticket if ticket is not None and (is_own or ticket.origin == page) else None
    if not domains.is_page_allowed(allowed_domains, origins, referers):
        is_vouched_for = is_own and continued is not None and _is_still_allowed(allowed_domains, continued)
        if not is_vouched_for:
            raise DomainNotAllowed(domains.named_host(origins))
    return continued or Ticket(new_client_id(), page, now)


def _is_still_allowed(allowed_domains: Sequence[str], ticket: Ticket) -> bool:
    if ticket.origin is None:
        return True
    return domains.is_page_allowed(allowed_domains, (ticket.origin,) if ticket.origin else ())
