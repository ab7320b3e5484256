"""The rules about people, each said once."""

from functools import cache

from email_validator import EmailNotValidError, validate_email

from accounts.errors import EmailNotVerified
from kit.errors import ValidationFailed
from kit.text import is_valid_text

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 128
MAX_NAME_CHARACTERS = 100
_MIN_WORD_CHARACTERS = 4
"""A password may not be little more than a word of one's own name; shorter words do not give one away."""


def ensure_email_verified(email_verified: bool) -> None:
    """Organizations are made, and invitations accepted, by people whose address is theirs. Raises: EmailNotVerified."""
    if not email_verified:
        raise EmailNotVerified


def parse_email(typed: str, *, field: str = "email") -> str:
    """An address as it is stored: lower case, the domain in ASCII. Raises: ValidationFailed."""
    try:
        # .test addresses reach nobody, and are what people try things out with.
        found = validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValidationFailed([(field, "Enter an e-mail address like name@example.com")]) from error
    return found.ascii_email.lower() if found.ascii_email else found.normalized.lower()


def normalize_email(typed: str) -> str:
    """What people typed where an address of an account is asked for: not judged, only made comparable."""
    try:
        return parse_email(typed)
    except ValidationFailed:
        return typed.strip().lower()


def parse_name(typed: str) -> str:
    """A person's name as it is stored; none is fine. Raises: ValidationFailed."""
    name = typed.strip()
    if not is_valid_text(name) or "\n" in name or "\r" in name:
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if len(name) > MAX_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"At most {MAX_NAME_CHARACTERS} characters")])
    return name


def ensure_password(password: str, *, email: str, name: str, field: str = "password") -> None:
    """Length and guessability, no composition rules; spaces and any script count as typed.

    Raises:
        ValidationFailed: with the one sentence that says what to change.
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
    if _is_own(folded, email=email, name=name):
        raise ValidationFailed([(field, "This password is your own name or e-mail address. Choose another")])


def _is_encodable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_own(folded: str, *, email: str, name: str) -> bool:
    """True when digits and marks aside the password is a name, or an address or a part of it."""
    letters = "".join(character for character in folded if character.isalpha())
    whole = (email, email.partition("@")[0], email.partition("@")[2], name, name + email)
    words = {"".join(c for c in text.casefold() if c.isalpha()) for text in (*whole, *name.split(), *email.split("@"))}
    return folded == email.casefold() or any(len(word) >= _MIN_WORD_CHARACTERS and letters == word for word in words)


@cache
def _common_passwords() -> frozenset[str]:
    """The first 30,000 of leaked passwords by frequency, as far as they are long enough to be asked about."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_PASSWORD_CHARACTERS)
