"""Compares the outcome, note and tags that a form showed with those that are stored. Pure.

A form names each value that it showed by a fingerprint: a note is too long to send it twice.
"""

from collections.abc import Mapping
from hashlib import blake2s

from calls.models import Call

REMARK_FIELDS = ("outcome", "note", "tags")


def text_fingerprint(text: str) -> str:
    """Fingerprint of a field's text; line ends do not count, because browsers change them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return blake2s(lines.encode(), digest_size=12).hexdigest()


def field_texts(call: Call) -> Mapping[str, str]:
    """The text of each field of a call's form, by its name; tags are lines."""
    return {"outcome": call.outcome or "", "note": call.note or "", "tags": "\n".join(call.tags or ())}


def fields_changed_since(call: Call, shown: Mapping[str, str]) -> list[str]:
    """The fields of ``shown`` (fingerprints by name) whose stored value is another one."""
    texts = field_texts(call)
    return [field for field, fingerprint in shown.items() if text_fingerprint(texts[field]) != fingerprint]
