"""The checks of ``epoch doctor`` that ask the carrier; none of them changes anything."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import httpx

from calls.callback_forms import TEST_STATUS
from carrier.account import AccountAdmin, AccountState
from carrier.port import CarrierAccessRefused, CarrierError
from epoch.cli.carrier_expectations import (
    CarrierNeeds,
    alert_url,
    application_differences,
    application_name,
    describe_foreign_route,
    expected_urls,
    is_trigger_correct,
    trigger_dollars,
    trigger_name,
)
from epoch.cli.check_results import CheckFailed, CheckResult, CheckState, CheckWarned
from kit.connection_failures import describe_connection_failure
from kit.countries import country_name
from kit.settings import Settings
from kit.tls import bundled_tls

LOW_BALANCE = Decimal(20)
"""In the account's currency. Below it the balance may be used up before anybody notices."""
TIMEOUT_SECONDS = 10.0
_UNKNOWN_CALL = "CA" + "0" * 32
_MAX_SHOWN_COUNTRIES = 10
_NOT_NEEDED_IN_SANDBOX = "sandbox: not needed"


class CarrierChecks:
    """Checks the carrier's account of one deployment."""

    def __init__(
        self, settings: Settings, needs: CarrierNeeds, *, by_key: AccountAdmin, by_token: AccountAdmin
    ) -> None:
        """``by_key`` asks with the API key, ``by_token`` with the auth token."""
        self._settings = settings
        self._needs = needs
        self._by_key = by_key
        self._by_token = by_token

    async def run(self) -> list[CheckResult]:
        """Run all checks at the same time; return their results in a fixed order."""
        checks: tuple[tuple[str, Callable[[], Awaitable[str]]], ...] = (
            ("carrier", self._credentials),
            ("auth token", self._auth_token),
            ("callbacks", self._callbacks),
            ("API key", self._api_key),
            ("application", self._application),
            ("fallback", self._fallback),
            ("numbers", self._numbers),
            ("countries", self._countries),
            ("account", self._account),
            ("balance", self._balance),
            ("usage trigger", self._usage_trigger),
        )
        return await asyncio.gather(*(self._run(part, check) for part, check in checks))

    async def _credentials(self) -> str:
        return await check_credentials(self._settings, self._by_key)

    async def _auth_token(self) -> str:
        """Compare our auth tokens with the account's primary one, which signs callbacks."""
        account = self._settings.twilio
        primary_token = (await self._state()).auth_token
        if primary_token is None:
            return "accepted; the carrier does not show which token signs callbacks"
        if primary_token == account.auth_token:
            return "TWILIO_AUTH_TOKEN is the account's primary token, which signs callbacks"
        if primary_token == account.auth_token_secondary:
            raise CheckWarned(
                "the carrier signs callbacks with TWILIO_AUTH_TOKEN_SECONDARY: make it TWILIO_AUTH_TOKEN, and restart"
            )
        raise CheckFailed(
            "the carrier accepts TWILIO_AUTH_TOKEN but signs callbacks with another token: every callback is refused."
            " Set TWILIO_AUTH_TOKEN to the account's primary token, and restart"
        )

    async def _callbacks(self) -> str:
        """Send a signed callback about an unknown call to the public URL: the running product must accept it."""
        url = f"{self._settings.public_url}/voice/status"
        form = {
            "AccountSid": self._settings.twilio.account_sid,
            "CallSid": _UNKNOWN_CALL,
            "CallStatus": TEST_STATUS,
        }
        headers = {"X-Twilio-Signature": self._by_key.sign(url, form)}
        try:
            async with httpx.AsyncClient(verify=bundled_tls(trust_env=True), timeout=TIMEOUT_SECONDS) as client:
                status = (await client.post(url, data=form, headers=headers)).status_code
        except httpx.HTTPError as error:
            reason = describe_connection_failure(error)
            raise CheckFailed(f"no answer from {url} ({reason}): the carrier gets none either") from error
        if status == 403:
            raise CheckFailed(
                f"{url} refuses a callback signed with TWILIO_AUTH_TOKEN: the product that runs there has another auth"
                " token, TWILIO_ACCOUNT_SID or EPOCH_PUBLIC_URL. Restart it with these settings"
            )
        if status != 204:
            raise CheckFailed(f"{url} answered {status}, not 204: is it this product that runs there?")
        return "a signed callback over the public URL is accepted"

    async def _api_key(self) -> str:
        sid = self._settings.twilio.api_key_sid
        key = await self._by_token.find_key(sid)
        if key is None:
            # A key of another region is not found either.
            raise CheckFailed(f"{sid} is no API key of this account: create a standard key in the carrier's console")
        if key.is_restricted:
            raise CheckFailed(
                f"{sid} is a restricted key, and the carrier refuses access tokens of those: create a standard key"
            )
        if await self._by_key.may_manage():
            raise CheckWarned(f"{sid} is a main key, which may also change keys: a standard key is enough")
        return "a standard key"

    async def _application(self) -> str:
        sid = self._settings.twilio.twiml_app_sid
        application = await self._by_key.find_application(sid) if sid else None
        if application is None:
            missing = f"{sid} is no application of this account" if sid else "TWILIO_TWIML_APP_SID is not set"
            raise CheckFailed(f"{missing}: run `epoch carrier setup`")
        urls = expected_urls(self._settings)
        differences = application_differences(application, application_name(self._needs.deployment), urls)
        text = "; ".join(f"{name} is {value}, should be {wanted}" for name, value, wanted in differences)
        if any(name != "name" for name, _, _ in differences):
            raise CheckFailed(f"{sid}: {text}: run `epoch carrier setup`")
        if differences:
            raise CheckWarned(f"{sid}: {text}: run `epoch carrier setup`")
        return f"all URLs of {sid} are this product's"

    async def _fallback(self) -> str:
        fallback = self._settings.carrier_fallback_url
        if fallback is None:
            if self._settings.is_sandbox:
                return _NOT_NEEDED_IN_SANDBOX
            raise CheckWarned(
                "EPOCH_CARRIER_FALLBACK_URL is not set: while this product does not answer, callers hear the carrier's"
                " recorded error; `epoch carrier setup` prints what to do"
            )
        return fallback

    async def _numbers(self) -> str:
        own_routes = [route for route in await self._by_key.number_routes() if route.sid in self._needs.number_sids]
        foreign = [text for route in own_routes if (text := describe_foreign_route(route, self._settings)) is not None]
        if foreign:
            raise CheckWarned("; ".join(foreign))
        return f"{len(own_routes)} of this deployment, none leads elsewhere"

    async def _countries(self) -> str:
        wanted, permitted = self._needs.exposure.countries, await self._by_key.permitted_countries()
        missing = sorted(country_name(code) for code in wanted - permitted)
        if missing:
            more = f" and {len(missing) - _MAX_SHOWN_COUNTRIES} more" if len(missing) > _MAX_SHOWN_COUNTRIES else ""
            raise CheckWarned(
                "organizations may call countries that the account's geographic permissions exclude:"
                f" {', '.join(missing[:_MAX_SHOWN_COUNTRIES])}{more}. Calls there fail (13227) until they are permitted"
                " in the carrier's console, under Voice, Settings, Geo permissions"
            )
        return f"the {len(wanted)} countries that organizations may call are permitted"

    async def _account(self) -> str:
        state = await self._state()
        if not state.is_active:
            raise CheckFailed("the account is suspended or closed: see the carrier's console")
        if state.is_trial:
            raise CheckWarned(
                "a trial account: it calls numbers verified in the carrier's console only, after a recorded notice, and"
                " holds one number. Upgrade it before customers call"
            )
        return "active and paid"

    async def _balance(self) -> str:
        balance = await self._by_key.balance()
        text = f"{balance.amount:.2f} {balance.currency}"
        if balance.amount <= 0:
            raise CheckFailed(f"{text}: the carrier places no calls until the account is topped up")
        if balance.amount < LOW_BALANCE:
            raise CheckWarned(f"{text}: top the account up, or switch automatic payment on in the carrier's console")
        return text

    async def _usage_trigger(self) -> str:
        if self._settings.is_sandbox:
            return _NOT_NEEDED_IN_SANDBOX
        name, dollars = trigger_name(self._needs.deployment), trigger_dollars(self._needs.exposure)
        triggers = [found for found in await self._by_key.list_usage_triggers() if found.friendly_name == name]
        url = alert_url(self._settings)
        if not any(is_trigger_correct(trigger, dollars, url) for trigger in triggers):
            raise CheckWarned(f"none reports a day of {dollars:,f} dollars to {url}: run `epoch carrier setup`")
        return f"reports a day of {dollars:,f} dollars"

    async def _state(self) -> AccountState:
        try:
            return await self._by_token.state()
        except CarrierAccessRefused as error:
            raise CheckFailed(
                "TWILIO_AUTH_TOKEN is no auth token of TWILIO_ACCOUNT_SID, so callbacks are refused: copy it from the"
                f" carrier's console ({error})"
            ) from error

    async def _run(self, part: str, check: Callable[[], Awaitable[str]]) -> CheckResult:
        try:
            return CheckResult(part, CheckState.OK, await check())
        except CheckWarned as warning:
            return CheckResult(part, CheckState.WARN, str(warning))
        except CarrierAccessRefused as error:
            return CheckResult(part, CheckState.FAIL, f"{error}: {_key_advice(self._settings)}")
        except (CheckFailed, CarrierError) as error:
            return CheckResult(part, CheckState.FAIL, str(error))


async def check_credentials(settings: Settings, by_key: AccountAdmin) -> str:
    """Ask the carrier for its numbers with the API key. Raises: CheckFailed, CarrierError."""
    region = settings.twilio.region
    in_region = "" if region is None else f" in the region {region}"
    try:
        numbers = len(await by_key.number_routes())
        return f"credentials accepted{in_region}, {numbers} phone {'number' if numbers == 1 else 'numbers'}"
    except CarrierAccessRefused as refused:
        raise CheckFailed(f"{refused}: {_key_advice(settings)}") from refused


def _key_advice(settings: Settings) -> str:
    region = settings.twilio.region
    if region is not None:
        return f"TWILIO_API_KEY_SID must be a key of the region {region}, which TWILIO_REGION names"
    return "check TWILIO_API_KEY_SID and its secret; a key of another region than us1 needs TWILIO_REGION"
