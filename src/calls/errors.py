"""Errors about calls and the carrier's callbacks."""

from kit.e164 import EmergencyNumber, InvalidPhoneNumber
from kit.errors import DomainError, Forbidden, Invalid, Unavailable
from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow
from widget.errors import RevokedEmbedToken


class InvalidCarrierSignature(Forbidden):
    """A callback's signature is missing or wrong, or its account is not ours."""

    code = "not_the_carrier"
    message = "The request is not signed by the carrier"


class InvalidCallback(Invalid):
    """A signed callback that has not the form of the carrier's."""

    code = "bad_webhook"
    message = "The request is not a call event"


class DestinationNotAllowed(Forbidden):
    """A country that is not enabled, or a number that is blocked."""

    code = "destination_not_allowed"
    message = "This destination is not allowed"


class TooManyCallsAtOnce(Forbidden):
    """The limit of live calls is reached."""

    code = "too_many_calls_at_once"
    message = "Too many calls at once"


class ClientBusy(TooManyCallsAtOnce):
    """The last call of the same client is not known to be over; its end may be reported in a moment."""


class TooManyCalls(Forbidden):
    """The limit of calls within a minute, an hour or a day is reached."""

    code = "too_many_calls"
    message = "Too many calls"


class CallLimitReached(Forbidden):
    """The minutes, the money or the foreign destinations of the day, month or hour are used up."""

    code = "call_limit_reached"
    message = "Call limit reached"


REJECTION_REASONS: dict[str, type[DomainError]] = {
    reason.code: reason
    for reason in (
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
"""The errors that reject a call before it is dialled, by the code that its record keeps."""


def rejection_message(code: str | None) -> str | None:
    """The sentence for a recorded rejection; None for any other end."""
    reason = REJECTION_REASONS.get(code or "")
    return None if reason is None else reason.message
