"""The form with a call's outcome, note and tags, and fingerprints of the values that it showed, by which changes by
somebody else are found. Pure.
"""

from collections.abc import Mapping

from msgspec import UNSET

from calls.models import Call
from calls.outcomes.services import Remarks
from calls.outcomes.shown_values import REMARK_FIELDS, field_texts, text_fingerprint
from dashboard.formats import format_count
from kit.http.forms import Form

REMARK_LABELS: Mapping[str, str] = {"outcome": "Outcome", "note": "Note", "tags": "Tags"}
FINGERPRINT_PREFIX = "shown-"
"""Prefix of the hidden fields: each has the fingerprint of the value that the page showed in a field."""
FORM_FIELDS = (*REMARK_FIELDS, *(FINGERPRINT_PREFIX + field for field in REMARK_FIELDS))


def remarks_form(call: Call, edited: Mapping[str, str] | None = None) -> Form:
    """The form with the stored values; the values of ``edited`` replace them."""
    stored = field_texts(call)
    fingerprints = {FINGERPRINT_PREFIX + field: text_fingerprint(text) for field, text in stored.items()}
    return Form({**stored, **(edited or {}), **fingerprints})


def edited_fields(form: Form) -> Mapping[str, str]:
    """The fields whose values differ from those that the page showed; without fingerprints all fields."""
    return {field: form[field] for field in REMARK_FIELDS if text_fingerprint(form[field]) != _fingerprint(form, field)}


def shown_fingerprints(form: Form) -> Mapping[str, str]:
    """The fingerprints of the edited fields, by field."""
    return {field: found for field in edited_fields(form) if (found := _fingerprint(form, field))}


def remarks_of(form: Form) -> Remarks:
    """The change that the form asks for: its edited fields."""
    edited = edited_fields(form)
    return Remarks(
        outcome=edited["outcome"] or None if "outcome" in edited else UNSET,
        note=edited.get("note", UNSET),
        tags=[tag for tag in edited["tags"].splitlines() if tag.strip()] if "tags" in edited else UNSET,
    )


def saved_message(call: Call) -> str:
    """The notice after saving: the call's outcome, and whether it has a note and tags."""
    outcome = f"The outcome is {call.outcome}" if call.outcome else "No outcome is chosen"
    parts = ["a note"] if call.note else []
    if call.tags:
        parts.append(format_count(len(call.tags), "tag"))
    return f"Saved. {outcome}. The call has {' and '.join(parts)}" if parts else f"Saved. {outcome}"


def _fingerprint(form: Form, field: str) -> str:
    return form[FINGERPRINT_PREFIX + field]
