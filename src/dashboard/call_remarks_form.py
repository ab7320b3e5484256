"""The form with a call's outcome, note and tags, and what it showed of them. Pure."""

from collections.abc import Mapping

from msgspec import UNSET

from calls.models import Call
from calls.outcomes.services import Remarks
from calls.outcomes.shown_values import REMARK_FIELDS, field_texts, text_fingerprint
from dashboard.formats import format_count
from kit.http.forms import Form

REMARK_LABELS: Mapping[str, str] = {"outcome": "Outcome", "note": "Note", "tags": "Tags"}
SHOWN_PREFIX = "shown-"
"""Of the hidden fields: each has the fingerprint of the value that the page showed."""
FORM_FIELDS = (*REMARK_FIELDS, *(SHOWN_PREFIX + field for field in REMARK_FIELDS))


def remarks_form(call: Call, edited: Mapping[str, str] | None = None) -> Form:
    """The form with the stored values; those of ``edited`` are in their place."""
    stored = field_texts(call)
    shown = {SHOWN_PREFIX + field: text_fingerprint(text) for field, text in stored.items()}
    return Form({**stored, **(edited or {}), **shown})


def edited_fields(form: Form) -> Mapping[str, str]:
    """The fields whose value is not the one that the page showed; all of a form without fingerprints."""
    return {field: form[field] for field in REMARK_FIELDS if text_fingerprint(form[field]) != _shown(form, field)}


def shown_values(form: Form) -> Mapping[str, str]:
    """The fingerprints of the edited fields, by field."""
    return {field: shown for field in edited_fields(form) if (shown := _shown(form, field))}


def remarks_of(form: Form) -> Remarks:
    """The change that the form asks for: its edited fields."""
    edited = edited_fields(form)
    return Remarks(
        outcome=edited["outcome"] or None if "outcome" in edited else UNSET,
        note=edited.get("note", UNSET),
        tags=[tag for tag in edited["tags"].splitlines() if tag.strip()] if "tags" in edited else UNSET,
    )


def saved_message(call: Call) -> str:
    """The sentences about a call whose form was saved."""
    outcome = f"The outcome is {call.outcome}" if call.outcome else "No outcome is chosen"
    kept = ["a note"] if call.note else []
    if call.tags:
        kept.append(format_count(len(call.tags), "tag"))
    return f"Saved. {outcome}. The call has {' and '.join(kept)}" if kept else f"Saved. {outcome}"


def _shown(form: Form, field: str) -> str:
    return form[SHOWN_PREFIX + field]
