"""Sentences for customers about calls that could not be written into HubSpot.

Also the HubSpot property and the token scopes that the sync needs. Pure.
"""

from collections.abc import Mapping

from crm.models import FailureReason

CALL_PROPERTY = "epoch_call_id"
"""The property of HubSpot's calls that holds our id of the call; its values are unique."""
REQUIRED_SCOPES = ("crm.objects.contacts.read", "crm.objects.contacts.write")
"""The scopes that HubSpot requires for reading contacts and writing calls."""
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
        "Calls cannot be written to the type of record from which this call was placed. They can be written to"
        " contacts, companies, deals and tickets."
    ),
    FailureReason.RECORD_MISSING: (
        "HubSpot has no such record: it was deleted, or the token may not read it. Restore it in HubSpot, then try"
        " again."
    ),
    FailureReason.CALL_DELETED: (
        "Somebody deleted the call in HubSpot, so its change was not written. Try again to create the call anew."
    ),
    FailureReason.SCOPE_MISSING: (
        "The token does not have the right to write the call. Add {detail} to the token's scopes in HubSpot, then try"
        " again."
    ),
    FailureReason.EDIT_REFUSED: (
        "The call is in HubSpot, but without its latest outcome or note: the token does not have the right to change"
        " it. Add {detail} to the token's scopes in HubSpot, then try again."
    ),
    FailureReason.NOT_ACCEPTED: (
        "HubSpot did not accept the call ({detail}). If the property "
        + CALL_PROPERTY
        + " of its calls was deleted there, connect the token again, which creates it; then try again."
    ),
    FailureReason.UNREACHABLE: "HubSpot could not be reached for three days. Try again.",
    FailureReason.FAULT: (
        "The call was not written because of an error on our side, and our staff have been notified. Try again."
    ),
}


FINAL_REASONS = frozenset({FailureReason.RECORD_ID_NOT_VALID, FailureReason.OBJECT_TYPE_UNKNOWN})
"""Reasons in the call's own data, so that another attempt fails in the same way."""


def failure_sentence(reason: FailureReason, detail: str | None) -> str:
    """The cause and the next step, for customers."""
    return _SENTENCES[reason].format(detail=detail or ", ".join(REQUIRED_SCOPES))
