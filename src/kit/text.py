"""Checks text for characters that cannot be stored, and formats durations as text."""

import re

# C0 and C1 controls except tab, line feed and carriage return, and lone surrogates.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def is_valid_text(text: str) -> bool:
    """True when ``text`` can be stored and shown unchanged."""
    return _UNSTORABLE.search(text) is None


def duration(seconds: int) -> str:
    """Whole seconds as ``2:14`` or ``1:02:14``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
