"""``epoch carrier verify``: tests the carrier's account by real requests and, with ``--call``, places a test call.

It buys nothing. Without ``--call`` it costs nothing.
"""

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any

from calls.leg_reports import is_leg_over
from carrier.access_token import AccessTokenSigner
from carrier.account import AccountAdmin
from carrier.port import CarrierAccessRefused, CarrierError, LegReport, NumberQuery
from epoch.cli.check_results import CheckFailed, CheckResult, CheckState, CheckWarned
from kit.e164 import masked
from kit.settings import Settings

CALL_SECONDS = 60.0
"""The longest time until the call's end: it rings for half of this time, and lasts at most 20 s."""
POLL_SECONDS = 1.0
SENTENCE = "This is a test call of Epoch Voice. The carrier works. Goodbye."
_IDENTITY = "w_" + "0" * 32 + "_" + "0" * 16
_SEARCH_COUNTRY = "US"


class CarrierVerification:
    """Verifies one account. Each step is a line of the report."""

    def __init__(
        self,
        settings: Settings,
        *,
        by_key: AccountAdmin,
        by_token: AccountAdmin,
        number_sids: frozenset[str],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """``number_sids`` are the carrier's ids of the numbers of this deployment."""
        self._settings = settings
        self._by_key = by_key
        self._by_token = by_token
        self._number_sids = number_sids
        self._poll_seconds = poll_seconds

    async def run(self, *, call: str | None) -> list[CheckResult]:
        """The report; ``call`` is a number (E.164) to call."""
        steps: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("account", self._account),
            ("balance", self._balance),
            ("application", self._application),
            ("numbers", self._numbers),
            ("search", self._search),
            ("access token", self._access_token),
        ]
        results = [await _run(part, step) for part, step in steps]
        if call is not None:
            results.append(await _run("call", lambda: self._call(call)))
        return results

    async def _account(self) -> str:
        state = await self._by_token.state()
        if not state.is_active:
            raise CheckFailed("suspended or closed")
        if state.is_trial:
            raise CheckWarned("active, a trial: it calls verified numbers only")
        return "active"

    async def _balance(self) -> str:
        balance = await self._by_key.balance()
        return f"{balance.amount:.2f} {balance.currency}"

    async def _application(self) -> str:
        sid = self._settings.twilio.twiml_app_sid
        found = await self._by_key.find_application(sid) if sid else None
        if found is None:
            raise CheckFailed(f"{sid or 'none'}: run `epoch carrier setup`")
        return f"{found.sid}, asks {found.urls.voice or 'nobody'}"

    async def _numbers(self) -> str:
        routes = await self._by_key.number_routes()
        count = sum(route.sid in self._number_sids for route in routes)
        return f"{len(routes)} in the account, {count} of them of this deployment"

    async def _search(self) -> str:
        found = await self._by_key.search_numbers(NumberQuery(_SEARCH_COUNTRY), limit=1)
        if not found:
            raise CheckWarned(f"the carrier offers no local number in {_SEARCH_COUNTRY} now")
        return f"the carrier offers {masked(found[0].e164)}; nothing was bought"

    async def _access_token(self) -> str:
        """Sign a token as the exchange does, and check its key at the carrier."""
        now, account = int(time.time()), self._settings.twilio
        signed = AccessTokenSigner(account, ttl=self._settings.access_token_ttl).sign(_IDENTITY, now)
        claims = _claims(signed)
        application = claims["grants"]["voice"]["outgoing"]["application_sid"]
        expected = account.api_key_sid, account.account_sid, account.twiml_app_sid
        if (claims["iss"], claims["sub"], application) != expected:
            raise CheckFailed("it names another key, account or application")
        # The carrier verifies a token with the key's secret: a request with both proves that they belong together.
        await self._by_key.number_routes()
        key = await self._by_token.find_key(account.api_key_sid)
        if key is None:
            raise CheckFailed(f"its key {account.api_key_sid} is not in this account")
        if key.is_restricted:
            raise CheckFailed(f"its key {account.api_key_sid} is restricted: the carrier refuses its tokens")
        return f"valid for {claims['exp'] - now} s, signed with {account.api_key_sid}, whose secret the carrier accepts"

    async def _call(self, to: str) -> str:
        own_routes = [route for route in await self._by_key.number_routes() if route.sid in self._number_sids]
        if not own_routes:
            raise CheckFailed("this deployment has no number to call from: buy one in the dashboard")
        sid = await self._by_key.place_test_call(to=to, caller_id=own_routes[0].e164, sentence=SENTENCE)
        leg = await self._wait_for_end(sid)
        if leg.status == "completed":
            return f"{masked(to)} answered, {leg.duration or 0} s, {sid}"
        code = await self._by_key.call_error(sid)
        raise CheckFailed(f"{masked(to)}: {leg.status}, {f'error {code}, ' if code else ''}{sid}")

    async def _wait_for_end(self, sid: str) -> LegReport:
        """Wait until the call ends. Raises: CheckFailed, when it takes too long; the call is then ended."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                while True:
                    leg = await self._by_key.leg(sid)
                    if is_leg_over(leg):
                        return leg
                    await asyncio.sleep(self._poll_seconds)
        except TimeoutError:
            await self._by_key.end_call(sid)
            raise CheckFailed(f"{sid} had not ended after {CALL_SECONDS:.0f} s, so it was ended") from None


def _claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, without a check of its signature."""
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


async def _run(part: str, step: Callable[[], Awaitable[str]]) -> CheckResult:
    try:
        return CheckResult(part, CheckState.OK, await step())
    except CheckWarned as warning:
        return CheckResult(part, CheckState.WARN, str(warning))
    except CarrierAccessRefused as error:
        advice = "the carrier refuses the credentials; see `epoch doctor`"
        return CheckResult(part, CheckState.FAIL, f"{advice} ({error})")
    except (CheckFailed, CarrierError) as error:
        return CheckResult(part, CheckState.FAIL, str(error))
