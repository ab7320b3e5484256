"""The port: what the product asks of a telephone carrier, in the product's own words."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol, runtime_checkable

import msgspec

from kit.http.app_key import AppKey


class CarrierError(Exception):
    """The carrier refused or failed; the message is for logs, never for customers."""


class CarrierUnavailable(CarrierError):
    """The carrier did not answer in time, or answered with a fault of its own; trying later may work."""


class NotFoundAtCarrier(CarrierError):
    """The carrier does not know this call, number or application (any more)."""


class AvailableNumber(msgspec.Struct, frozen=True):
    """A number that can be bought now."""

    e164: str
    locality: str | None
    region: str | None
    country: str
    """ISO 3166 two-letter code."""


class OwnedNumber(msgspec.Struct, frozen=True):
    """A number that the account holds."""

    sid: str
    e164: str
    friendly_name: str


class LegReport(msgspec.Struct, frozen=True):
    """A leg of a call as the carrier's books show it."""

    sid: str
    status: str
    """In the carrier's words."""
    duration: int | None
    """Whole seconds connected; None until the end."""
    ended_at: datetime | None
    price_micros: int | None
    """What it cost, in millionths of a US dollar; None while the carrier does not say, or says it in other money."""
    parent_sid: str | None = None
    """The caller's leg, of a leg that was dialled for it."""
    started_at: datetime | None = None
    """When it was dialled or came in; whole seconds."""
    caller: str = ""
    """Who is on its far side, in the carrier's words: ``client:<identity>`` for a browser's leg."""


class DialPlan(msgspec.Struct, frozen=True):
    """What the carrier shall do with an admitted call."""

    to: str
    """E.164."""
    caller_id: str
    """E.164, the organization's number."""
    status_url: str
    """Absolute address for the child leg's status callbacks."""
    action_url: str
    """Absolute address asked when the dialled leg has ended."""
    ring_seconds: int = 30
    limit_seconds: int = 3600


@runtime_checkable
class Carrier(Protocol):
    """A telephone carrier. Every method may raise ``CarrierError``."""

    @property
    def signaling(self) -> str | None:
        """``host:port`` of the signalling the browser must use; None for the carrier's public one."""
        ...

    def dial(self, plan: DialPlan) -> bytes:
        """The document that dials ``plan`` and reports each step to ``plan.status_url``."""
        ...

    def reject(self) -> bytes:
        """The document that turns a call away without answering it."""
        ...

    def finish(self) -> bytes:
        """The document that ends a call after its dialled leg has ended."""
        ...

    def signature_is_valid(self, url: str, form: Sequence[tuple[str, str]], signature: str | None) -> bool:
        """True when ``signature`` is the carrier's over the public ``url`` and all ``form`` fields, with repeats."""
        ...

    async def end_call(self, call_sid: str) -> bool:
        """End a live call; False while the carrier does not say that it is over.

        Raises ``NotAtCarrier`` when it has ended already.
        """
        ...

    async def leg(self, sid: str) -> LegReport:
        """How one leg stands; raises ``NotAtCarrier``."""
        ...

    async def dialled_legs(self, call_sid: str) -> list[LegReport]:
        """The legs that the call of this caller's leg dialled; none for a call that the carrier does not know."""
        ...

    def legs_of_day(self, day: date) -> AsyncIterator[list[LegReport]]:
        """All legs that began on ``day``, UTC, a page at a time; in no order that counts."""
        ...

    async def delete_call(self, sid: str) -> None:
        """Erase one leg that is over from the carrier's books; raises ``NotAtCarrier`` when it is gone already."""
        ...

    async def search_numbers(
        self, *, country: str, area_code: str | None = None, contains: str | None = None, limit: int = 20
    ) -> list[AvailableNumber]:
        """Numbers that can be bought, best match first."""
        ...

    async def buy_number(self, e164: str, *, friendly_name: str) -> OwnedNumber:
        """Buy one number. Not idempotent at the carrier: after a timeout look at ``owned_numbers`` first."""
        ...

    async def owned_numbers(self, *, e164: str | None = None, friendly_name: str | None = None) -> list[OwnedNumber]:
        """The account's numbers, all pages, narrowed by the carrier where it can."""
        ...

    async def release_number(self, sid: str) -> None:
        """Give a number back; raises ``NotAtCarrier`` when the account does not hold it."""
        ...

    async def configure_application(self, *, voice_url: str, status_url: str, fallback_url: str) -> None:
        """Point the account's TwiML application at the product's webhooks.

        ``fallback_url`` is asked when ``voice_url`` fails or does not answer in time.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


CARRIER: AppKey[Carrier] = AppKey("carrier")


def form_fields(form: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """A webhook form as a mapping; of a repeated field the first value counts."""
    seen: dict[str, str] = {}
    for name, value in form:
        seen.setdefault(name, value)
    return seen
