"""Checks and normalizes the e-mail addresses, names and passwords of accounts."""

from functools import cache

from email_validator import EmailNotValidError, validate_email

from accounts.errors import EmailNotVerified
from kit.errors import ValidationFailed
from kit.text import contains_link, is_valid_text

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 128
MAX_NAME_CHARACTERS = 100
_MAX_EMAIL_CHARACTERS = 254
"""The longest address that mail servers transport (RFC 5321)."""
_MIN_WORD_CHARACTERS = 4
"""A word of the person's name or e-mail address with at least this length may not be the password."""


def ensure_email_verified(email_verified: bool) -> None:
    """Require a confirmed e-mail address, for example to create organizations. Raises: EmailNotVerified."""
    if not email_verified:
        raise EmailNotVerified


def parse_email(typed: str, *, field: str = "email") -> str:
    """Parse an e-mail address to its stored form: lower case, the domain in ASCII. Raises: ValidationFailed."""
    if len(typed.strip()) > _MAX_EMAIL_CHARACTERS:
        raise ValidationFailed([(field, f"An e-mail address has at most {_MAX_EMAIL_CHARACTERS} characters")])
    try:
        # Allows .test addresses, which people use for trials.
        found = validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValidationFailed([(field, "Enter an e-mail address like name@example.com")]) from error
    return found.ascii_email.lower() if found.ascii_email else found.normalized.lower()


def normalize_email(typed: str) -> str:
    """A typed e-mail address in its stored form, without an error when it is not valid."""
    try:
        return parse_email(typed)
    except ValidationFailed:
        return typed.strip().lower()


def parse_name(typed: str) -> str:
    """A person's name as it is stored; it may be empty. Raises: ValidationFailed."""
    name = typed.strip()
    if not is_valid_text(name) or "\n" in name or "\r" in name:
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if len(name) > MAX_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"At most {MAX_NAME_CHARACTERS} characters")])
    if contains_link(name):
        raise ValidationFailed([("name", "A name cannot contain a web address")])
    return name


def ensure_password(password: str, *, email: str, name: str, field: str = "password") -> None:
    """Check length and guessability; there are no composition rules, and every script is allowed.

    Raises:
        ValidationFailed: the message says what to change.
    """
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise ValidationFailed([(field, f"At least {MIN_PASSWORD_CHARACTERS} characters")])
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise ValidationFailed([(field, f"At most {MAX_PASSWORD_CHARACTERS} characters")])
    if not _is_encodable(password):
        raise ValidationFailed([(field, "This contains a character that cannot be stored")])
    folded = password.casefold()
    if folded in _common_passwords() or len(set(folded)) < 3:
        raise ValidationFailed([(field, "This password is among the first ones that attackers try. Choose another")])
    if _is_name_or_email(folded, email=email, name=name):
        raise ValidationFailed([(field, "This password is your own name or e-mail address. Choose another")])


def _is_encodable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_name_or_email(folded: str, *, email: str, name: str) -> bool:
    """True when the letters of the password are the name, the e-mail address or a part of one of them."""
    letters = "".join(character for character in folded if character.isalpha())
    whole = (email, email.partition("@")[0], email.partition("@")[2], name, name + email)
    words = {"".join(c for c in text.casefold() if c.isalpha()) for text in (*whole, *name.split(), *email.split("@"))}
    return folded == email.casefold() or any(len(word) >= _MIN_WORD_CHARACTERS and letters == word for word in words)


@cache
def _common_passwords() -> frozenset[str]:
    """The 30,000 most frequent leaked passwords that have the minimum length."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_PASSWORD_CHARACTERS)
