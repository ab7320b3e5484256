"""Refusals about calls and webhooks."""

from kit.e164 import EmergencyNumber, InvalidPhoneNumber
from kit.errors import DomainError, Forbidden, Invalid, Unavailable
from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow
from widget.errors import RevokedEmbedToken


class InvalidCarrierSignature(Forbidden):
    """The signature is missing or wrong, or the account is not ours."""

    code = "not_the_carrier"
    message = "The request is not signed by the carrier"


class InvalidCallback(Invalid):
    """Signed, but not what the carrier sends."""

    code = "bad_webhook"
    message = "The request is not a call event"


class DestinationNotAllowed(Forbidden):
    """A country that is not enabled, or a number that is blocked."""

    code = "destination_not_allowed"
    message = "This destination is not allowed"


class TooManyCallsAtOnce(Forbidden):
    """As many calls are live as may be."""

    code = "too_many_calls_at_once"
    message = "Too many calls at once"


class ClientBusy(TooManyCallsAtOnce):
    """The same phone's last call is not known to be over yet; it may be in a moment."""


class TooManyCalls(Forbidden):
    """As many calls were placed within a minute, an hour or a day as may be."""

    code = "too_many_calls"
    message = "Too many calls"


class CallLimitReached(Forbidden):
    """The minutes, the money or the foreign destinations of the day, month or hour are used up."""

    code = "call_limit_reached"
    message = "Call limit reached"


REJECTION_REASONS: dict[str, type[DomainError]] = {
    refusal.code: refusal
    for refusal in (
        RevokedEmbedToken,
        OrganizationSuspended,
        PlanTooLow,
        NoPhoneNumber,
        InvalidPhoneNumber,
        EmergencyNumber,
        DestinationNotAllowed,
        TooManyCallsAtOnce,
        TooManyCalls,
        CallLimitReached,
        Unavailable,
    )
}
"""Why a call may be refused before it is dialled, by the code that its record keeps."""


def rejection_message(code: str | None) -> str | None:
    """The sentence for a recorded refusal; None for any other end."""
    refusal = REJECTION_REASONS.get(code or "")
    return None if refusal is None else refusal.message
