"""Page tickets: bound to one token, time-limited, signed."""

from uuid import UUID, uuid4

import pytest

from widget.tickets import Tickets

SECRET = "s" * 32
TOKEN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
END = 1_800_000_000


def test_a_ticket_is_valid_until_its_second() -> None:
    tickets = Tickets(SECRET)
    ticket = tickets.issue(TOKEN, END)
    assert tickets.read(ticket, TOKEN, END - 1) is not None
    assert tickets.read(ticket, TOKEN, END) is None
    assert tickets.read(ticket, TOKEN, END + 1) is None


def test_no_signature_makes_a_ticket_of_years() -> None:
    tickets = Tickets(SECRET)
    years = 3 * 365 * 86_400
    for lifetime, is_valid in ((86_400, True), (86_401 + 300, False), (years, False)):
        assert (tickets.read(tickets.issue(TOKEN, END + lifetime), TOKEN, END) is not None) is is_valid, lifetime


def test_every_process_with_the_same_secret_reads_it() -> None:
    assert Tickets(SECRET).read(Tickets(SECRET).issue(TOKEN, END), TOKEN, END - 1) is not None
    assert Tickets("x" * 32).read(Tickets(SECRET).issue(TOKEN, END), TOKEN, END - 1) is None


def test_it_is_bound_to_its_token() -> None:
    assert Tickets(SECRET).read(Tickets(SECRET).issue(TOKEN, END), uuid4(), END - 1) is None


def test_no_character_can_be_changed() -> None:
    tickets = Tickets(SECRET)
    ticket = tickets.issue(TOKEN, END)
    changed = [ticket[:at] + other + ticket[at + 1 :] for at in range(len(ticket)) for other in "0fAz_-. é"]
    assert [text for text in changed if text != ticket and tickets.read(text, TOKEN, END - 1) is not None] == []


def test_a_later_end_cannot_be_written_in() -> None:
    signature = Tickets(SECRET).issue(TOKEN, END).partition(".")[2]
    assert Tickets(SECRET).read(f"{END + 3600:x}.{signature}", TOKEN, END) is None


@pytest.mark.parametrize("text", ["", ".", "x.y", "-1.x", "f" * 15_000, "f" * 5000 + ".x", "\0.\0", "٣.x", "1_0.x"])
def test_anything_else_is_no_ticket(text: str) -> None:
    assert Tickets(SECRET).read(text, TOKEN, 0) is None


def test_it_carries_on_as_the_same_phone() -> None:
    tickets = Tickets(SECRET)
    phone = tickets.read(tickets.issue(TOKEN, END), TOKEN, END - 1)
    assert phone is not None
    assert tickets.read(tickets.issue(TOKEN, END + 60, phone), TOKEN, END) == phone
    assert tickets.read(tickets.issue(TOKEN, END), TOKEN, END - 1) != phone
