"""The carrier's account as an operator prepares and checks it; only commands use it, never requests."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from carrier.port import Carrier


class ApplicationUrls(msgspec.Struct, frozen=True):
    """The addresses of a TwiML application; empty where none is set."""

    voice: str
    fallback: str
    """Asked when ``voice`` fails or does not answer in time."""
    status: str


class Application(msgspec.Struct, frozen=True):
    """A TwiML application: what the carrier asks about a call from a browser."""

    sid: str
    friendly_name: str
    urls: ApplicationUrls
    is_posted: bool = True
    """True when the carrier posts to each of the addresses; another method has another signature."""


class UsageTrigger(msgspec.Struct, frozen=True):
    """A request of the carrier to ``callback_url`` when a day's cost of the whole account reaches ``dollars``."""

    sid: str
    friendly_name: str
    dollars: Decimal
    callback_url: str
    is_daily_cost: bool = True
    """False for triggers of another kind."""


class AccountState(msgspec.Struct, frozen=True):
    """The account."""

    is_active: bool
    """False when it is suspended or closed."""
    is_trial: bool
    auth_token: str | None
    """The primary auth token, which signs callbacks; None where the carrier does not show it. Secret."""

    def __repr__(self) -> str:
        return f"AccountState(is_active={self.is_active}, is_trial={self.is_trial}, …)"


class Balance(msgspec.Struct, frozen=True):
    """The money that is left."""

    amount: Decimal
    currency: str


class ApiKey(msgspec.Struct, frozen=True):
    """An API key of the account."""

    sid: str
    is_restricted: bool
    """True for keys with a list of permissions: the carrier refuses access tokens that they sign."""


class NumberRoute(msgspec.Struct, frozen=True):
    """The destination of the calls to a number of the account; empty where nothing is set."""

    sid: str
    e164: str
    friendly_name: str
    voice_url: str
    application_sid: str


class AccountAdmin(Carrier, Protocol):
    """The operations on an account. Every method may raise ``CarrierError``."""

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        """The signature of a callback to ``url`` with our auth token, as the carrier makes it with its own."""
        ...

    async def find_application(self, sid: str) -> Application | None:
        """The application; None when the account has none with this id."""
        ...

    async def list_applications(self, friendly_name: str) -> list[Application]:
        """The applications with exactly this name."""
        ...

    async def create_application(self, friendly_name: str, urls: ApplicationUrls) -> Application:
        """Create an application. Not idempotent: look for it by its name first."""
        ...

    async def update_application(self, sid: str, friendly_name: str, urls: ApplicationUrls) -> Application:
        """Set the name and the addresses of an application. Raises: NotFoundAtCarrier."""
        ...

    async def list_usage_triggers(self) -> list[UsageTrigger]:
        """All usage triggers of the account, those of other programs too."""
        ...

    async def create_usage_trigger(self, friendly_name: str, dollars: Decimal, callback_url: str) -> UsageTrigger:
        """Create a trigger on a day's cost of the account. The carrier cannot change a trigger's value later."""
        ...

    async def delete_usage_trigger(self, sid: str) -> None:
        """Delete a trigger. Raises: NotFoundAtCarrier."""
        ...

    async def number_routes(self) -> list[NumberRoute]:
        """All numbers of the account with what happens to calls to them."""
        ...

    async def state(self) -> AccountState:
        """The account's state. Raises: CarrierAccessRefused, also for API keys that may not read it."""
        ...

    async def balance(self) -> Balance:
        """The money that is left."""
        ...

    async def find_key(self, sid: str) -> ApiKey | None:
        """The API key; None when the account has none with this id. Asked with the auth token."""
        ...

    async def may_manage(self) -> bool:
        """True when these credentials may read the account's keys: the auth token and main keys may."""
        ...

    async def permitted_countries(self) -> frozenset[str]:
        """The countries (ISO 3166) that the account's geographic permissions let it call."""
        ...

    async def place_test_call(self, *, to: str, caller_id: str, sentence: str) -> str:
        """Call ``to``, speak a sentence and hang up; return the call's id. It costs money."""
        ...
