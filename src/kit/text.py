"""Text helpers: checks for links, URLs and unstorable characters; safe names for mails, one-line texts, durations."""

import re
import unicodedata
from urllib.parse import urlsplit

# C0 and C1 controls except tab, line feed and carriage return, and lone surrogates.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Controls, lone surrogates and characters that reorder the text around them.
_REORDERING = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

# A scheme, "www." or a host name with a path. A host name alone may be a company's name. The scheme's length is
# bounded, because without a bound the search time grows with the square of the text's length.
_LINK = re.compile(r"[a-z][a-z0-9+.-]{0,30}:/|\bwww\.|\w\.[^\W\d_]{2,}[/?#]", re.IGNORECASE)
_NAME_PUNCTUATION = frozenset("'’&,()-")
PLAIN_NAME_CHARACTERS = 40
_WEB_URL = re.compile(r"https?://[^\s\\<>\"`]+", re.IGNORECASE)


def contains_link(text: str) -> bool:
    """True when ``text`` contains a link."""
    return _LINK.search(unicodedata.normalize("NFKC", text)) is not None


def plain_name(name: str, *, fallback: str) -> str:
    """``name`` for mails to strangers: short, of letters, digits and simple punctuation, without links.

    Returns ``fallback`` when nothing is left.
    """
    normalized = unicodedata.normalize("NFKC", name)
    # A full stop stays before a space or at the end only: mail programs turn "example.com" into a link.
    unlinked = re.sub(r"\.(?=\S)", " ", normalized)
    plain = "".join(character if _is_plain(character) else " " for character in unlinked)
    return " ".join(plain.split())[:PLAIN_NAME_CHARACTERS].strip() or fallback


def _is_plain(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in _NAME_PUNCTUATION or character == "."


def single_line(text: str, *, max_characters: int) -> str:
    """``text`` on one line, without controls and characters that reorder other text, cut to ``max_characters``."""
    return " ".join(_REORDERING.sub(" ", text).split())[:max_characters].rstrip()


def is_web_url(text: str) -> bool:
    """True for an ``http`` or ``https`` URL with a host and no user name, which a page can show as a link."""
    if _WEB_URL.fullmatch(text) is None or _REORDERING.search(text):
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def is_valid_text(text: str) -> bool:
    """True when ``text`` can be stored and shown unchanged."""
    return _UNSTORABLE.search(text) is None


def format_duration(seconds: int) -> str:
    """Whole seconds as ``2:14`` or ``1:02:14``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
