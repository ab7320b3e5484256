"""Decides whether a page may use an embed token, by the page's own headers or by a ticket (signed proof of an earlier
decision), and makes the contents of the next ticket. Pure function.
"""

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
    """Return the contents of the page's next ticket.

    A page whose headers match the present list may use the token. A page on our own origin may also use it if its
    ticket contains a page that matches the present list. The next ticket continues ``ticket`` if the request comes from
    the page in it or from our own origin; otherwise it is a new one.

    Raises:
        DomainNotAllowed: neither the headers nor the page in the ticket match the list.
    """
    page, is_own_origin = domains.page_origin(origins, referers), tuple(origins) == (own_origin,)
    continued = ticket if ticket is not None and (is_own_origin or ticket.origin == page) else None
    if not domains.is_page_allowed(allowed_domains, origins, referers):
        is_admitted_by_ticket = (
            is_own_origin and continued is not None and _is_still_allowed(allowed_domains, continued)
        )
        if not is_admitted_by_ticket:
            raise DomainNotAllowed(domains.display_host(origins))
    return continued or Ticket(new_client_id(), page, now)


def _is_still_allowed(allowed_domains: Sequence[str], ticket: Ticket) -> bool:
    if ticket.origin is None:
        return True
    return domains.is_page_allowed(allowed_domains, (ticket.origin,) if ticket.origin else ())
