"""Names of recordings. Pure."""

from calls.greetings.models import MAX_NAME_CHARACTERS
from kit.errors import ValidationFailed
from kit.text import is_valid_text


def parse_name(text: str) -> str:
    """The name of a recording, without spaces around it. Raises: ValidationFailed."""
    name = text.strip()
    if not is_valid_text(name):
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if len(name) > MAX_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"A name has at most {MAX_NAME_CHARACTERS} characters")])
    return name


def parse_new_name(text: str) -> str:
    """The name that a recording gets in place of its own. Raises: ValidationFailed, also for an empty one."""
    name = parse_name(text)
    if not name:
        raise ValidationFailed([("name", "Enter a name")])
    return name
