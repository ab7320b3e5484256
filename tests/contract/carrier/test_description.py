"""Requests of each method of the carrier port, and the sandbox's responses, against Twilio's OpenAPI description."""

import contextlib
import inspect
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from carrier.account import AccountAdmin
from carrier.port import Carrier, CarrierError, NumberQuery
from epoch.carrier_factory import build_account_admin
from kit.clock import utc_now
from kit.settings import Settings, load_settings
from support.carrier_stand_in import CarrierRequest, CarrierStandIn
from support.port_cases import PORT_CASES, UNDESCRIBED, WITHOUT_REQUESTS, AccountResources
from support.prism import Exchange, Prism, Violation
from support.sandbox_calls import SandboxCalls
from support.sandbox_server import served

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
EACH_METHOD = pytest.mark.parametrize("method", PORT_CASES)
ANY_ACCOUNT = AccountResources(
    number_sid="PN" + "1" * 32,
    live_call="CA" + "2" * 32,
    ended_call="CA" + "3" * 32,
    application="AP" + "4" * 32,
    usage_trigger="UT" + "5" * 32,
    api_key="SK" + "6" * 32,
    own_number="+14155550100",
)


class KnownError(NamedTuple):
    """An error of the description itself: what the carrier really sends violates it."""

    place: re.Pattern[str]
    code: str
    reason: str

    def explains(self, violation: Violation) -> bool:
        return self.place.fullmatch(violation.place) is not None and self.code == violation.code


KNOWN_ERRORS = (
    KnownError(
        re.compile(r"response\.body\.(.+\.)?(first_page_|next_page_|previous_page_)?uri"),
        "format",
        "URIs of this API are paths, as in all of the carrier's examples, not absolute URIs",
    ),
    KnownError(
        re.compile(r"response\.body\.phone_number_prices\.\d+\.(base|current)_price"),
        "type",
        "Prices are strings, as in the carrier's examples, not numbers",
    ),
)


def unexplained(exchanges: list[Exchange]) -> list[str]:
    """One line for each violation that is no known error of the description."""
    return [
        f"{exchange.method} {exchange.path}: {violation.place} ({violation.code}): {violation.message}"
        for exchange in exchanges
        for violation in exchange.violations
        if not any(error.explains(violation) for error in KNOWN_ERRORS)
    ]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("account")
    return load_settings({"EPOCH_DATA_DIR": str(folder), "EPOCH_SANDBOX_SPEED": "20"})


@contextlib.asynccontextmanager
async def adapter_through(prism: Prism, account: Settings, folder: Path) -> AsyncIterator[AccountAdmin]:
    """The adapter as it is for the real carrier, with prism behind the carrier's host names.

    It asks with the auth token, which may do everything that an API key may.
    """
    async with CarrierStandIn(folder, prism.answer).serving():
        real = msgspec.structs.replace(account, carrier="twilio")
        carrier = build_account_admin(real, with_auth_token=True)
        try:
            yield carrier
        finally:
            await carrier.close()


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    """The carrier of the description: it responds with the description's examples."""
    with Prism.started(tmp_path_factory.mktemp("described")) as prism:
        yield prism


def test_every_method_of_the_port_has_a_case() -> None:
    members = {
        name: member
        for port in (Carrier, AccountAdmin)
        for name, member in vars(port).items()
        if not name.startswith("_")
    }
    methods = {name for name, member in members.items() if not isinstance(member, property)}
    assert methods == set(PORT_CASES) | WITHOUT_REQUESTS | UNDESCRIBED, "add a line to tests/support/port_cases.py"
    senders = {name for name in methods if inspect.iscoroutinefunction(members[name])} - {"close"}
    assert senders <= set(PORT_CASES) | UNDESCRIBED


@EACH_METHOD
async def test_a_method_sends_only_what_the_carrier_describes(
    described: Prism, account: Settings, tmp_path: Path, method: str
) -> None:
    described.exchanges.clear()
    async with adapter_through(described, account, tmp_path) as carrier:
        await PORT_CASES[method](carrier, ANY_ACCOUNT)
    assert described.exchanges
    assert [each for each in described.exchanges if each.status >= 400] == []
    lines = [line for line in unexplained(described.exchanges) if ": request." in line]
    assert not lines, "\n".join(lines)


async def test_a_request_that_the_carrier_does_not_describe_is_a_violation(
    described: Prism, account: Settings, tmp_path: Path
) -> None:
    described.exchanges.clear()
    async with adapter_through(described, account, tmp_path) as carrier:
        with pytest.raises(CarrierError):
            await carrier.search_numbers(NumberQuery("US"), limit=5000)
    [line] = unexplained(described.exchanges)
    assert ": request.query.pagesize (maximum): " in line


class Sandbox(NamedTuple):
    """A running sandbox carrier, and prism between it and the adapter."""

    calls: SandboxCalls
    prism: Prism


@pytest.fixture(scope="module")
async def sandbox(account: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    async with SandboxCalls.opened(account) as calls, served(calls.sandbox) as url:
        with Prism.started(folder, upstream=url) as prism:
            yield Sandbox(calls, prism)


@EACH_METHOD
async def test_the_sandbox_responds_as_the_carrier_describes(
    sandbox: Sandbox, account: Settings, tmp_path: Path, method: str
) -> None:
    async with adapter_through(sandbox.prism, account, tmp_path) as carrier:
        known = await sandbox.calls.prepare(carrier)
        sandbox.prism.exchanges.clear()
        await PORT_CASES[method](carrier, known)
    assert sandbox.prism.exchanges
    assert [each for each in sandbox.prism.exchanges if each.status >= 400] == []
    assert not (lines := unexplained(sandbox.prism.exchanges)), "\n".join(lines)


@pytest.mark.parametrize("path", ["Recordings.json", "Calls/{call}/Recordings.json", "Recordings/{sid}.json"])
async def test_the_sandboxs_recordings_are_as_the_carrier_describes(
    sandbox: Sandbox, account: Settings, path: str
) -> None:
    recordings, call, own = sandbox.calls.sandbox._recordings, "CA" + "7" * 32, account.twilio
    kept = recordings.add(call, np.zeros(8000, np.int16), begun=utc_now(), source="RecordVerb")
    target = f"/2010-04-01/Accounts/{own.account_sid}/{path.format(call=call, sid=kept.sid)}"
    credentials = b64encode(f"{own.account_sid}:{own.auth_token}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}"}
    sandbox.prism.exchanges.clear()
    answer = await sandbox.prism.answer(CarrierRequest("GET", "api.twilio.com", target, headers, b""))
    assert kept.sid.encode() in answer
    assert not (lines := unexplained(sandbox.prism.exchanges)), "\n".join(lines)
