"""The carrier port: ``Carrier``, the operations that the product needs of a telephone carrier, its types and errors."""

import enum
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol, runtime_checkable

import msgspec

from carrier.call_steps import CallStep
from carrier.recordings import CallRecording, Transcription
from kit.failures import DependencyFailed
from kit.http.app_key import AppKey
from kit.money import Money


class CarrierError(DependencyFailed):
    """The carrier refused or failed; the message is for logs, never for customers."""

    dependency = "carrier"

    def __init__(self, message: str, *, code: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        """The carrier's error code; None where it gave none."""
        self.retry_after = retry_after
        """Whole seconds after which the request may be repeated; None where that is not known."""


class CarrierUnavailable(CarrierError):
    """The carrier did not respond in time, or with a server error; a later attempt may succeed."""


class NotDoneAtCarrier(CarrierUnavailable):
    """Nothing was done: the carrier had too many requests, or the request was not sent. A later attempt may succeed."""


class CarrierRateLimited(NotDoneAtCarrier):
    """Nothing was done, because the carrier had too many requests."""


class CarrierAccessRefused(CarrierUnavailable):
    """The carrier refused our credentials, or suspended our account: only the operator can correct that."""


class NotFoundAtCarrier(CarrierError):
    """The carrier does not have this call, number or other resource, or no longer has it."""


class NotInProgressAtCarrier(CarrierError):
    """The call is not in progress: it has ended, or it has not begun."""


class NumberType(enum.StrEnum):
    """The types of numbers that the carrier sells; not every country has all types."""

    LOCAL = "local"
    MOBILE = "mobile"
    NATIONAL = "national"
    TOLL_FREE = "toll-free"


class NumberQuery(msgspec.Struct, frozen=True):
    """The criteria of a search for numbers for sale."""

    country: str
    """ISO 3166 two-letter code."""
    number_type: NumberType = NumberType.LOCAL
    area_code: str | None = None
    """Only for countries in ``AREA_CODE_COUNTRIES``."""
    contains: str | None = None
    """Digits anywhere in the number; with a plus sign before them, the digits with which the number begins."""
    locality: str | None = None
    """City, as the carrier writes it."""
    without_foreign_address: bool = False
    """Leave out the numbers that need an address outside their country."""
    without_local_address: bool = False
    """Leave out the numbers that need an address in their country.

    With both flags, numbers that need an address in any country are left out too.
    """


AREA_CODE_COUNTRIES = frozenset({"US", "CA"})
"""Countries (ISO 3166) in which the carrier searches by area code."""


class AvailableNumber(msgspec.Struct, frozen=True):
    """A number for sale."""

    e164: str
    locality: str | None
    region: str | None
    country: str
    """ISO 3166 two-letter code."""
    address_requirements: str = "none"
    """The address that the buyer must have: ``none``, ``any``, ``local`` or ``foreign``."""
    number_type: NumberType = NumberType.LOCAL


class PostalAddress(msgspec.Struct, frozen=True):
    """The postal address of the user of a number."""

    customer_name: str
    street: str
    city: str
    region: str
    """State or province."""
    postal_code: str
    """Empty in countries without postal codes."""
    country: str
    """ISO 3166 two-letter code."""


class CarrierAddress(msgspec.Struct, frozen=True):
    """A postal address in our account at the carrier."""

    sid: str
    friendly_name: str
    address: PostalAddress
    """The address as the carrier validated it, possibly corrected."""


class NumberUrls(msgspec.Struct, frozen=True):
    """The callback URLs for calls to a number; empty where none is set."""

    voice: str
    fallback: str
    """Requested when ``voice`` does not respond."""
    status: str
    """Requested when a call has ended."""


class OwnedNumber(msgspec.Struct, frozen=True):
    """A number that our account holds."""

    sid: str
    e164: str
    friendly_name: str
    urls: NumberUrls = NumberUrls("", "", "")
    application_sid: str = ""
    """The TwiML application that handles calls to the number instead of ``urls``; empty without one."""


class CallerId(msgspec.Struct, frozen=True):
    """A number outside our account that its holder confirmed to the carrier: our calls may show it."""

    sid: str
    e164: str
    friendly_name: str


class Price(Money, frozen=True):
    """An amount of money as the carrier states it, in the currency of the carrier's account."""

    @property
    def is_in_dollars(self) -> bool:
        """True for US dollars, the currency of estimates and limits."""
        return self.currency == "USD"


class LegReport(msgspec.Struct, frozen=True):
    """A leg of a call as the carrier reports it."""

    sid: str
    status: str
    """Status in the carrier's terms."""
    duration: int | None
    """Whole seconds connected; None until the end."""
    ended_at: datetime | None
    price: Price | None
    """Cost; None while the carrier reports none."""
    parent_sid: str | None = None
    """Sid of the caller's leg; None for the caller's leg itself."""
    started_at: datetime | None = None
    """Start time, in whole seconds."""
    caller: str = ""
    """Caller in the carrier's terms: ``client:<identity>`` for a browser's leg."""
    called: str = ""
    """The called party in the carrier's terms, such as a number."""
    is_from_outside: bool = False
    """True for the leg of a caller who calls a number of the account."""


class DialPlan(msgspec.Struct, frozen=True):
    """The parameters of the ``<Dial>`` of an admitted call."""

    to: str
    """E.164."""
    caller_id: str
    """E.164, the organization's number."""
    status_url: str
    """Absolute URL of the child leg's status callbacks."""
    action_url: str
    """Absolute URL requested when the dialled leg has ended."""
    ring_seconds: int = 30
    limit_seconds: int = 3600


@runtime_checkable
class Carrier(Protocol):
    """A telephone carrier. Every method may raise ``CarrierError``."""

    @property
    def signaling(self) -> str | None:
        """``host:port`` of the signalling server for browsers; None for the carrier's public one."""
        ...

    @property
    def edges(self) -> tuple[str, ...]:
        """The carrier's edges that browsers try in this order; empty for the nearest one."""
        ...

    def dial(self, plan: DialPlan) -> bytes:
        """Return the TwiML document that dials ``plan.to`` and reports each status to ``plan.status_url``."""
        ...

    def reject(self) -> bytes:
        """Return the TwiML document that rejects a call without answering it."""
        ...

    def finish(self) -> bytes:
        """Return the TwiML document that ends a call after its dialled leg has ended."""
        ...

    def answer(self, steps: Sequence[CallStep]) -> bytes:
        """Return the TwiML document that runs ``steps``; without steps it connects a screened phone."""
        ...

    def signature_is_valid(
        self, url: str, form: Sequence[tuple[str, str]], signature: str | None, algorithm_header: str | None = None
    ) -> bool:
        """True when ``signature`` is the carrier's for the public ``url`` and all ``form`` fields, repeated ones too.

        ``algorithm_header`` is the request's header ``X-Twilio-Webhooks-Signature-Settings``.
        """
        ...

    async def end_call(self, call_sid: str) -> bool:
        """End a live call; return False while the carrier does not report it as ended.

        Raises: NotFoundAtCarrier.
        """
        ...

    async def play_and_hang_up(self, leg_sid: str, url: str) -> None:
        """Take an answered leg out of its call, play it the recording at ``url``, and end it; the other leg ends.

        Raises: NotInProgressAtCarrier, NotFoundAtCarrier.
        """
        ...

    async def leg(self, sid: str) -> LegReport:
        """Return one leg. Raises: NotFoundAtCarrier."""
        ...

    async def dialled_legs(self, call_sid: str) -> list[LegReport]:
        """Return the legs dialled by the call of this caller's leg; empty for an unknown call."""
        ...

    async def call_error(self, call_sid: str) -> int | None:
        """Return the code of the last error that the carrier recorded about a call; None without an error."""
        ...

    def legs_of_day(self, day: date) -> AsyncIterator[list[LegReport]]:
        """Yield all legs that began on ``day`` (UTC), a page at a time, in no particular order."""
        ...

    async def recordings(self, call_sid: str) -> list[CallRecording]:
        """Return the recordings of the call of this caller's leg; empty for an unknown call."""
        ...

    async def recording_audio(self, sid: str) -> bytes:
        """Return a recording as WAV. Raises: NotFoundAtCarrier."""
        ...

    async def delete_recording(self, sid: str) -> None:
        """Delete a recording; its transcriptions stay. Raises: NotFoundAtCarrier, when it is already deleted."""
        ...

    async def transcriptions(self, recording_sid: str) -> list[Transcription]:
        """Return the transcriptions of a recording; empty for an unknown one."""
        ...

    async def delete_transcription(self, sid: str) -> None:
        """Delete a transcription. Raises: NotFoundAtCarrier, when it is already deleted."""
        ...

    async def delete_call(self, sid: str) -> None:
        """Delete one ended leg at the carrier. Raises: NotFoundAtCarrier, when it is already deleted."""
        ...

    async def number_types(self, country: str) -> frozenset[NumberType]:
        """Return the types of numbers that are sold in ``country``. Raises: NotFoundAtCarrier, when none are."""
        ...

    async def number_prices(self, country: str) -> Mapping[NumberType, Price]:
        """Return the monthly prices of numbers in ``country``, by type; a type without a known price is left out.

        Raises: NotFoundAtCarrier, when the carrier has no prices for the country.
        """
        ...

    async def search_numbers(self, query: NumberQuery, *, limit: int = 20) -> list[AvailableNumber]:
        """Return numbers that can be bought and make calls, best match first.

        Raises: NotFoundAtCarrier, when the country has no numbers of this type.
        """
        ...

    async def buy_number(
        self,
        e164: str,
        *,
        friendly_name: str,
        address_sid: str | None = None,
        bundle_sid: str | None = None,
        urls: NumberUrls | None = None,
    ) -> OwnedNumber:
        """Buy a number with a registered address and a regulatory bundle; ``urls`` handle the calls to it.

        Not idempotent at the carrier: after a timeout check ``owned_numbers`` first.
        """
        ...

    async def owned_numbers(self, *, e164: str | None = None, friendly_name: str | None = None) -> list[OwnedNumber]:
        """Return the account's numbers, filtered as the carrier does: ``e164`` may match a part of a number."""
        ...

    async def set_number_urls(self, sid: str, urls: NumberUrls, *, has_application: bool = False) -> None:
        """Set the callback URLs of a number, and remove its TwiML application. Raises: NotFoundAtCarrier.

        ``has_application``: the number has an application, which would take precedence over the URLs.
        """
        ...

    async def release_number(self, sid: str) -> None:
        """Release a number. Raises: NotFoundAtCarrier, when the account does not hold it."""
        ...

    async def create_address(self, address: PostalAddress, *, friendly_name: str) -> CarrierAddress:
        """Create a postal address. Not idempotent: after a timeout check ``find_addresses`` first."""
        ...

    async def find_addresses(self, *, friendly_name: str) -> list[CarrierAddress]:
        """Return the account's addresses with exactly this name."""
        ...

    async def is_address_used(self, sid: str) -> bool:
        """Return True while a number of the account needs this address. Raises: NotFoundAtCarrier."""
        ...

    async def delete_address(self, sid: str) -> None:
        """Delete an address. Raises: NotFoundAtCarrier, when it is already deleted."""
        ...

    async def request_validation(self, e164: str, *, friendly_name: str, status_url: str | None = None) -> str:
        """Let the carrier call ``e164`` and ask for a code; return the code. The right code confirms the caller id.

        The end of the call is reported to ``status_url``.
        """
        ...

    async def caller_ids(self, *, friendly_name: str | None = None) -> list[CallerId]:
        """Return the confirmed caller ids; with ``friendly_name`` those with exactly this name."""
        ...

    async def delete_caller_id(self, sid: str) -> None:
        """Delete a caller id. Raises: NotFoundAtCarrier, when it is already deleted."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


CARRIER: AppKey[Carrier] = AppKey("carrier")


def form_fields(form: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return a callback form as a mapping; a repeated field has its first value."""
    seen: dict[str, str] = {}
    for name, value in form:
        seen.setdefault(name, value)
    return seen
