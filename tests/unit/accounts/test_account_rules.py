"""Rules of users' e-mail addresses, names and passwords with their messages, and the wait after failed sign-ins."""

import pytest

from accounts.errors import EmailNotVerified
from accounts.login_throttle import delay_after
from accounts.rules import ensure_email_verified, ensure_password, normalize_email, parse_email, parse_name
from kit.errors import ValidationFailed

PERSON = {"email": "pat.person@acme-realty.com", "name": "Pat Person"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Pat@Example.COM ", "pat@example.com"),
        ("pat+phones@example.com", "pat+phones@example.com"),
        ("pat@bücher.example.com", "pat@xn--bcher-kva.example.com"),
        ("pat@shop.test", "pat@shop.test"),
    ],
)
def test_an_address_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert parse_email(typed) == stored
    assert normalize_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "pat", "pat@", "@example.com", "pat@localhost", "a@b@example.com", "pat@example.com, eve@example.com",
     "pat@example.com\nBcc: eve@example.com", "pa\x00t@example.com", "Pat <pat@example.com>", "пат@example.com"],
)  # fmt: skip
def test_invalid_addresses_are_refused(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse_email(typed)
    assert refused.value.errors == [("email", "Enter an e-mail address like name@example.com")]


@pytest.mark.parametrize(
    "password",
    ["eight of", "correct horse battery", "x9" * 4 + "!" * 120, "пароль из слов", "  spaces  kept  ", "demo-password",
     "Pat Person has a boat", "🙂 faces 🙂", "12345 then words"],
)  # fmt: skip
def test_passwords_need_length_and_no_composition(password: str) -> None:
    ensure_password(password, **PERSON)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("seven77", "At least 8 characters"),
        ("x9" * 65, "At most 128 characters"),
        ("password1", "This password is among the first ones that attackers try. Choose another"),
        ("QWERTYUIOP", "This password is among the first ones that attackers try. Choose another"),
        ("aaaaaaaaaaaa", "This password is among the first ones that attackers try. Choose another"),
        ("pat.person@acme-realty.com", "This password is your own name or e-mail address. Choose another"),
        ("Pat-Person-1984", "This password is your own name or e-mail address. Choose another"),
        ("person123!", "This password is your own name or e-mail address. Choose another"),
        ("ok \ud800 not", "This contains a character that cannot be stored"),
    ],
)
def test_guessable_passwords_are_refused(password: str, sentence: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        ensure_password(password, **PERSON, field="new_password")
    assert refused.value.errors == [("new_password", sentence)]


def test_names_are_trimmed_and_of_one_line() -> None:
    assert parse_name("  Pat Person ") == "Pat Person"
    assert parse_name("") == ""
    for wrong in ("Pat\nPerson", "Pat\x07", "x" * 101):
        with pytest.raises(ValidationFailed):
            parse_name(wrong)


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    seconds = [int(delay_after(failures).total_seconds()) for failures in (0, 4, 5, 6, 7, 9, 10, 11, 5000)]
    assert seconds == [0, 0, 30, 60, 120, 480, 900, 900, 900]


def test_an_unverified_address_is_given_as_the_reason() -> None:
    ensure_email_verified(True)
    with pytest.raises(EmailNotVerified, match="Confirm your e-mail address first"):
        ensure_email_verified(False)
