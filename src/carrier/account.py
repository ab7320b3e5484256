"""Interface ``AccountAdmin``: operations that set up and check our account at the carrier, and their types.

The operator's commands use them; request handlers never do.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from carrier.port import Carrier


class ApplicationUrls(msgspec.Struct, frozen=True):
    """The callback URLs of a TwiML application; empty where none is set."""

    voice: str
    fallback: str
    """Requested when ``voice`` fails or does not respond in time."""
    status: str


class Application(msgspec.Struct, frozen=True):
    """A TwiML application: the URLs that the carrier requests for calls from browsers."""

    sid: str
    friendly_name: str
    urls: ApplicationUrls
    is_posted: bool = True
    """True when the carrier requests each URL with POST; the signature depends on the method."""


class UsageTrigger(msgspec.Struct, frozen=True):
    """A request of the carrier to ``callback_url`` when a day's cost of the whole account reaches ``dollars``."""

    sid: str
    friendly_name: str
    dollars: Decimal
    callback_url: str
    is_daily_cost: bool = True
    """False for triggers of another kind."""


class AccountState(msgspec.Struct, frozen=True):
    """The state of the account."""

    is_active: bool
    """False when it is suspended or closed."""
    is_trial: bool
    auth_token: str | None
    """The primary auth token, which signs callbacks; None where the carrier does not return it. Secret."""

    def __repr__(self) -> str:
        return f"AccountState(is_active={self.is_active}, is_trial={self.is_trial}, …)"


class Balance(msgspec.Struct, frozen=True):
    """The remaining balance of the account."""

    amount: Decimal
    currency: str


class ApiKey(msgspec.Struct, frozen=True):
    """An API key of the account."""

    sid: str
    is_restricted: bool
    """True for keys with a list of permissions: the carrier refuses access tokens signed by such keys."""


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
        """The signature that the carrier would send with a callback to ``url``, made with our auth token."""
        ...

    async def find_application(self, sid: str) -> Application | None:
        """The application; None when the account has no application with this id."""
        ...

    async def list_applications(self, friendly_name: str) -> list[Application]:
        """The applications with exactly this name."""
        ...

    async def create_application(self, friendly_name: str, urls: ApplicationUrls) -> Application:
        """Create an application. Not idempotent: search for it by its name first."""
        ...

    async def update_application(self, sid: str, friendly_name: str, urls: ApplicationUrls) -> Application:
        """Set the name and the URLs of an application. Raises: NotFoundAtCarrier."""
        ...

    async def list_usage_triggers(self) -> list[UsageTrigger]:
        """All usage triggers of the account, including those of other programs."""
        ...

    async def create_usage_trigger(self, friendly_name: str, dollars: Decimal, callback_url: str) -> UsageTrigger:
        """Create a trigger on a day's cost of the account. The carrier cannot change a trigger's value later."""
        ...

    async def delete_usage_trigger(self, sid: str) -> None:
        """Delete a trigger. Raises: NotFoundAtCarrier."""
        ...

    async def number_routes(self) -> list[NumberRoute]:
        """All numbers of the account, with the destination of the calls to each."""
        ...

    async def state(self) -> AccountState:
        """The account's state. Raises: CarrierAccessRefused, also for API keys that may not read it."""
        ...

    async def balance(self) -> Balance:
        """The remaining balance of the account."""
        ...

    async def find_key(self, sid: str) -> ApiKey | None:
        """The API key; None when the account has no key with this id. Needs the auth token as credentials."""
        ...

    async def may_manage(self) -> bool:
        """True when our credentials may read the account's keys, as the auth token and main keys may."""
        ...

    async def permitted_countries(self) -> frozenset[str]:
        """The countries (ISO 3166) that the account's geographic permissions let it call."""
        ...

    async def place_test_call(self, *, to: str, caller_id: str, sentence: str) -> str:
        """Call ``to``, speak a sentence and hang up; return the call's id. It costs money."""
        ...
