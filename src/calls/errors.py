"""Errors about calls and the carrier's callbacks."""

from kit.e164 import InvalidPhoneNumber, NotOrdinaryNumber
from kit.errors import DomainError, Forbidden, Invalid, Unavailable
from widget.refusals import REFUSALS, RefusalDetails


class InvalidCarrierSignature(Forbidden):
    """A callback's signature is missing or invalid, or its account is not ours."""

    code = "not_the_carrier"
    message = "The request is not signed by the carrier"


class InvalidCallback(Invalid):
    """A signed callback that lacks a required field or has an invalid value."""

    code = "bad_webhook"
    message = "The request is not a call event"


class CallRefused(Forbidden):
    """A calling rule or limit refuses the call; ``details`` are stored with the call."""

    def __init__(self, details: RefusalDetails | None = None) -> None:
        super().__init__()
        self.details = details


class DestinationNotAllowed(CallRefused):
    """The calling rules exclude the destination."""

    code = "destination_not_allowed"
    message = REFUSALS[code].message


class CountryNotEnabled(DestinationNotAllowed):
    """The destination's country is not enabled, for the organization or for the token."""

    code = "country_not_enabled"


class NumberBlocked(DestinationNotAllowed):
    """The number is on the organization's block list."""

    code = "number_blocked"


class OwnNumber(InvalidPhoneNumber):
    """The number is one of the organization's own."""


class CallsPaused(Unavailable):
    """Staff paused the calls of all organizations."""


class TooManyCallsAtOnce(CallRefused):
    """The limit of live calls is reached."""

    code = "too_many_calls_at_once"
    message = REFUSALS[code].message


class ClientBusy(TooManyCallsAtOnce):
    """The client's last call is still live on record; the carrier may report its end in a moment."""


class TooManyCalls(CallRefused):
    """The limit of calls within a minute, an hour or a day is reached."""

    code = "too_many_calls"
    message = REFUSALS[code].message


class CallLimitReached(CallRefused):
    """The minutes, the money or the foreign destinations of the day, month or hour are used up."""

    code = "call_limit_reached"
    message = REFUSALS[code].message


def refusal_details(error: DomainError) -> RefusalDetails | None:
    """The facts that are stored with a call that ``error`` refused; None where the error code is enough."""
    if isinstance(error, CallRefused):
        return error.details
    if isinstance(error, OwnNumber):
        return RefusalDetails(kind="own_number")
    if isinstance(error, NotOrdinaryNumber):
        return RefusalDetails(kind=error.kind.value)
    return RefusalDetails(scope="service") if isinstance(error, CallsPaused) else None
