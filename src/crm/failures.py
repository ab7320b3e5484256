"""Messages about calls that could not be written into HubSpot: the cause and the next step. Pure."""

from collections.abc import Mapping

from crm.models import FailureReason

CALL_PROPERTY = "epoch_call_id"
"""The property of HubSpot's calls that holds our id of the call, each value once."""
REQUIRED_SCOPES = ("crm.objects.contacts.read", "crm.objects.contacts.write")
"""HubSpot asks for these to read contacts and to write calls."""
_SENTENCES: Mapping[FailureReason, str] = {
    FailureReason.RECORD_ID_NOT_VALID: (
        "The call names no record of HubSpot: metadata.contact must be the contact's record id, which has digits only."
        " Correct what your page passes; this call cannot be changed."
    ),
    FailureReason.OTHER_ACCOUNT: (
        "The call was placed in another HubSpot account than the connected one. Connect that account, or use another"
        " organization for it."
    ),
    FailureReason.OBJECT_TYPE_UNKNOWN: (
        "The call was placed from a kind of record that calls cannot be written to. Contacts, companies, deals and"
        " tickets can."
    ),
    FailureReason.RECORD_MISSING: (
        "HubSpot has no such record: it was deleted, or the token may not read it. Restore it in HubSpot, then try"
        " again."
    ),
    FailureReason.CALL_DELETED: (
        "Somebody deleted the call in HubSpot, so its change was not written. Try again writes the call anew."
    ),
    FailureReason.SCOPE_MISSING: (
        "The token's rights do not allow to write the call. Add {detail} to the token's scopes in HubSpot, then try"
        " again."
    ),
    FailureReason.EDIT_REFUSED: (
        "The call is in HubSpot, but the token's rights do not allow to change it: its outcome or note is missing"
        " there. Add {detail} to the token's scopes in HubSpot, then try again."
    ),
    FailureReason.NOT_ACCEPTED: (
        "HubSpot did not accept the call ({detail}). If the property "
        + CALL_PROPERTY
        + " of its calls was deleted there, connect the token again, which creates it; then try again."
    ),
    FailureReason.UNREACHABLE: "HubSpot could not be reached for three days. Try again.",
    FailureReason.FAULT: "An error on our side stopped it, and our staff have been notified. Try again.",
}


FINAL_REASONS = frozenset({FailureReason.RECORD_ID_NOT_VALID, FailureReason.OBJECT_TYPE_UNKNOWN})
"""Reasons that lie in the call itself, so that another try fails the same way."""


def failure_sentence(reason: FailureReason, detail: str | None) -> str:
    """The cause in plain words, with the next step."""
    return _SENTENCES[reason].format(detail=detail or ", ".join(REQUIRED_SCOPES))
