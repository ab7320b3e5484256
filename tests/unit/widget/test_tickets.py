"""Tickets of our own pages for the token exchange: signed, bound to one token, valid for a day, in one encoding."""

import base64
from uuid import UUID, uuid4

import msgspec
import pytest

from kit.secret_keys import SecretKeys, Signer
from widget.tickets import MAX_TICKET_SECONDS, Ticket, Tickets

SECRET = SecretKeys("s" * 32)
TOKEN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
START = 1_800_000_000
END = START + 3600
TICKET = Ticket("0123456789abcdef", b"https://crm.example", START)
TICKETS = Tickets(SECRET)
TEXT = TICKETS.issue(TOKEN, TICKET, END)


@pytest.mark.parametrize("origin", [b"https://crm.example", b"", None, b"https://" + b"a" * 292])
def test_a_ticket_is_valid_until_the_second_of_its_end(origin: bytes | None) -> None:
    ticket = msgspec.structs.replace(TICKET, origin=origin)
    text = TICKETS.issue(TOKEN, ticket, END)
    assert TICKETS.read(text, TOKEN, END - 1) == ticket
    assert TICKETS.read(text, TOKEN, END) is None
    assert TICKETS.read(text, TOKEN, END + 1) is None


def test_renewals_end_a_day_after_the_first_exchange() -> None:
    last = START + MAX_TICKET_SECONDS
    renewed = TICKETS.issue(TOKEN, TICKET, last + 3000)
    assert TICKETS.read(renewed, TOKEN, last - 1) == TICKET
    assert TICKETS.read(renewed, TOKEN, last) is None


def test_a_ticket_for_years_is_invalid_after_its_longest_duration() -> None:
    years = 3 * 365 * 86_400
    later = msgspec.structs.replace(TICKET, first_exchange=START + years)
    assert TICKETS.read(TICKETS.issue(TOKEN, TICKET, START + years), TOKEN, START + MAX_TICKET_SECONDS) is None
    assert TICKETS.read(TICKETS.issue(TOKEN, later, START + years + 3600), TOKEN, START) is None


def test_a_forged_ticket_for_years_is_invalid_after_its_longest_duration() -> None:
    far = START + 3 * 365 * 86_400
    content = f"{far:08x}.{START:08x}.{TICKET.client_id}.o"
    signature = Signer(SECRET, "ticket").sign(TOKEN.bytes + content.encode())[:18]
    forged = f"{content}.{base64.urlsafe_b64encode(signature).decode()}"
    assert TICKETS.read(forged, TOKEN, START + MAX_TICKET_SECONDS - 1) is not None
    assert TICKETS.read(forged, TOKEN, START + MAX_TICKET_SECONDS) is None


def test_every_process_with_the_same_secret_reads_a_ticket() -> None:
    assert Tickets(SECRET).read(TEXT, TOKEN, START) == TICKET
    assert Tickets(SecretKeys("x" * 32)).read(TEXT, TOKEN, START) is None


def test_a_ticket_is_bound_to_its_token() -> None:
    assert TICKETS.read(TEXT, uuid4(), START) is None


def test_a_ticket_with_any_changed_character_is_invalid() -> None:
    changed = [TEXT[:at] + other + TEXT[at + 1 :] for at in range(len(TEXT)) for other in "0fAz_-. é٣"]
    assert [text for text in changed if text != TEXT and TICKETS.read(text, TOKEN, START) is not None] == []


@pytest.mark.parametrize("other", ["0x{}", " {}", "{} ", "+{}", "0{}", "{}\n", "_{}"])
def test_a_ticket_has_one_spelling(other: str) -> None:
    end, _, rest = TEXT.partition(".")
    assert TICKETS.read(f"{other.format(end)}.{rest}", TOKEN, START) is None
    assert TICKETS.read(other.format(TEXT), TOKEN, START) is None
    assert TICKETS.read(f"{end.upper()}.{rest}", TOKEN, START) is None


@pytest.mark.parametrize("text", ["", ".", "x.y", "-1.x", "f" * 15_000, "f" * 5000 + ".x", "\0.\0", "٣.x", "1_0.x"])
def test_other_texts_are_not_tickets(text: str) -> None:
    assert TICKETS.read(text, TOKEN, 0) is None


def test_a_ticket_of_the_old_format_without_a_page_is_invalid() -> None:
    assert TICKETS.read(f"{END:x}.0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAA", TOKEN, START) is None
