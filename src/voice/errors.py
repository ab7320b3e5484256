"""Refusals about calls and webhooks."""

from kit.e164 import EmergencyNumber, InvalidPhoneNumber
from kit.errors import DomainError, Forbidden, Invalid
from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow
from widget.errors import RevokedEmbedToken


class NotTheCarrier(Forbidden):
    """The signature is missing or wrong, or the account is not ours."""

    code = "not_the_carrier"
    message = "The request is not signed by the carrier"


class BadWebhook(Invalid):
    """Signed, but not what the carrier sends."""

    code = "bad_webhook"
    message = "The request is not a call event"


REFUSALS: dict[str, type[DomainError]] = {
    refusal.code: refusal
    for refusal in (
        RevokedEmbedToken,
        OrganizationSuspended,
        PlanTooLow,
        NoPhoneNumber,
        InvalidPhoneNumber,
        EmergencyNumber,
    )
}
"""Why a call may be refused before it is dialled, by the code that its record keeps."""


def refusal_message(code: str | None) -> str | None:
    """The sentence for a recorded refusal; None for any other end."""
    refusal = REFUSALS.get(code or "")
    return None if refusal is None else refusal.message
