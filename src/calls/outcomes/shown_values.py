"""Finds out whether a call's outcome, note and tags were changed after a form showed them. Pure.

The form sends a fingerprint of each value that it showed, because a note is too long to send it twice.
"""

from collections.abc import Mapping
from hashlib import blake2s

from calls.models import Call

REMARK_FIELDS = ("outcome", "note", "tags")


def text_fingerprint(text: str) -> str:
    """Fingerprint of a field's text; the kind of line ends does not matter, because browsers change it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return blake2s(lines.encode(), digest_size=12).hexdigest()


def field_texts(call: Call) -> Mapping[str, str]:
    """The text of each field in a call's form, by the field's name; each tag is a line."""
    return {"outcome": call.outcome or "", "note": call.note or "", "tags": "\n".join(call.tags or ())}


def fields_changed_since(call: Call, shown: Mapping[str, str]) -> list[str]:
    """The fields of ``shown`` (fingerprints by name) whose stored value has changed."""
    texts = field_texts(call)
    return [field for field, fingerprint in shown.items() if text_fingerprint(texts[field]) != fingerprint]
