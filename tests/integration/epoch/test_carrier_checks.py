"""``epoch doctor`` on the carrier's account, against a sandbox carrier."""

import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import uvicorn
from anyio import create_task_group

from carrier.account import ApplicationUrls
from epoch.app import create_app
from epoch.carrier_factory import build_account_admin
from epoch.cli.carrier_checks import CarrierChecks
from epoch.cli.carrier_expectations import CarrierNeeds
from epoch.cli.check_results import CheckResult, CheckState
from epoch.cli.commands import read_carrier_needs, setup_carrier, verify_carrier
from epoch.cli.doctor import run_carrier_checks
from kit.db.database import Database
from kit.settings import Settings
from support.databases import patient_database
from support.factories import Factory
from support.local_http import local_client
from support.ports import unused_port
from support.sandbox_server import own_sandbox, set_switches

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def account(own_settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings with an account of its own that ``epoch carrier setup`` has set up."""
    async with own_sandbox(msgspec.structs.replace(own_settings, data_dir=tmp_path)) as served:
        await setup_carrier(served)
        yield served


async def findings(settings: Settings) -> dict[str, CheckResult]:
    return {finding.part: finding for finding in await run_carrier_checks(settings)}


async def real_findings(settings: Settings, needs: CarrierNeeds | None = None) -> dict[str, CheckResult]:
    """The findings as if the sandbox's account were one of the real carrier."""
    by_key, by_token = build_account_admin(settings), build_account_admin(settings, with_auth_token=True)
    real = msgspec.structs.replace(settings, carrier="twilio")
    try:
        checks = CarrierChecks(real, needs or await read_carrier_needs(settings), by_key=by_key, by_token=by_token)
        return {finding.part: finding for finding in await checks.run()}
    finally:
        await by_key.close()
        await by_token.close()


@contextlib.asynccontextmanager
async def serving_product(settings: Settings) -> AsyncIterator[str]:
    """The application on a port of its own; yields its public URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    placed = msgspec.structs.replace(settings, public_url=url)
    app = create_app(placed, database=patient_database(placed))
    async with app.lifespan(), create_task_group() as group:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
        group.start_soon(server.serve, [listener])
        yield url
        server.should_exit = True


async def test_an_account_that_the_set_up_has_set_up_passes(account: Settings) -> None:
    found = await findings(account)
    parts = ("carrier", "auth token", "API key", "application", "numbers", "countries", "account", "balance")
    assert [found[part].state for part in (*parts, "usage trigger")] == [CheckState.OK] * 9
    assert found["auth token"].detail == "TWILIO_AUTH_TOKEN is the account's primary token, which signs callbacks"


@pytest.mark.parametrize(
    ("part", "switches", "state", "text"),
    [
        ("auth token", {"other_auth_token": True}, CheckState.FAIL, "signs callbacks with another token"),
        ("API key", {"key_type": "main"}, CheckState.WARN, "a standard key is enough"),
        ("API key", {"key_type": "restricted"}, CheckState.FAIL, "restricted key"),
        ("account", {"trial": True}, CheckState.WARN, "trial account"),
        ("balance", {"balance": "19.99"}, CheckState.WARN, "19.99 USD: top the account up"),
        ("balance", {"balance": "-0.01"}, CheckState.FAIL, "places no calls"),
    ],
    ids=["other token", "main key", "restricted key", "trial", "low balance", "no balance"],
)
async def test_each_state_of_the_account_is_named(
    account: Settings, part: str, switches: dict[str, object], state: CheckState, text: str
) -> None:
    await set_switches(account, **switches)
    found = (await findings(account))[part]
    assert (found.state, text in found.detail) == (state, True), found


async def test_countries_that_organizations_may_call_and_the_account_may_not_are_named(
    account: Settings, jobs: Database
) -> None:
    await Factory(jobs, account).tenant(country="FR")
    await set_switches(account, countries_not_permitted=["FR", "BE"])
    found = (await findings(account))["countries"]
    assert found.state is CheckState.WARN
    assert "France" in found.detail
    assert "Belgium" not in found.detail


async def test_an_application_that_leads_elsewhere_fails(account: Settings) -> None:
    admin = build_account_admin(account)
    urls = ApplicationUrls(voice="https://other.example/voice/outgoing", fallback="", status="")
    await admin.update_application(account.twilio.twiml_app_sid, "Somebody's", urls)
    await admin.close()
    found = (await findings(account))["application"]
    assert found.state is CheckState.FAIL
    assert "voice URL is https://other.example/voice/outgoing, should be" in found.detail
    for sid, text in (("", "TWILIO_TWIML_APP_SID is not set"), ("AP" + "0" * 32, "is no application of this account")):
        changed = msgspec.structs.replace(account.twilio, twiml_app_sid=sid)
        missing = (await findings(msgspec.structs.replace(account, twilio=changed)))["application"]
        assert missing.state is CheckState.FAIL
        assert text in missing.detail
        assert "epoch carrier setup" in missing.detail


async def test_a_carrier_that_does_not_answer_is_named_with_its_host(account: Settings) -> None:
    address = f"127.0.0.1:{unused_port()}"
    found = (await findings(msgspec.structs.replace(account, sandbox_address=address)))["balance"]
    assert found.state is CheckState.FAIL
    assert found.detail == f"no answer from the carrier at {address}: check that `epoch run` is running"


async def test_wrong_credentials_are_named_with_the_setting(account: Settings) -> None:
    wrong_token = msgspec.structs.replace(account.twilio, auth_token="0" * 32)
    found = await findings(msgspec.structs.replace(account, twilio=wrong_token))
    assert found["auth token"].state is CheckState.FAIL
    assert "TWILIO_AUTH_TOKEN" in found["auth token"].detail
    assert found["carrier"].ok
    wrong_secret = msgspec.structs.replace(account.twilio, api_key_secret="0" * 32)
    found = await findings(msgspec.structs.replace(account, twilio=wrong_secret))
    assert "TWILIO_API_KEY_SID" in found["carrier"].detail
    assert not found["carrier"].ok
    assert found["auth token"].ok


async def test_a_signed_callback_goes_over_the_public_url(
    account: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only a product with the same token, account and public URL accepts it."""
    async with serving_product(account) as url:
        here = msgspec.structs.replace(account, public_url=url)
        well = (await findings(here))["callbacks"]
        assert (well.state, well.detail) == (CheckState.OK, "a signed callback over the public URL is accepted")
        other = msgspec.structs.replace(account.twilio, auth_token="0" * 32)
        refused = (await findings(msgspec.structs.replace(here, twilio=other)))["callbacks"]
        assert refused.state is CheckState.FAIL
        assert "refuses a callback signed with TWILIO_AUTH_TOKEN" in refused.detail
        async with local_client(base_url=url) as client:
            assert (await client.get("/health/live")).status_code == 200
        # The test callback is no fault: the product's log has no warning of it.
        assert "carrier_callback_ignored" not in capsys.readouterr().out
    gone = (await findings(here))["callbacks"]
    assert gone.state is CheckState.FAIL
    assert "no answer" in gone.detail


async def test_a_missing_trigger_and_fallback_are_warnings_of_a_real_account_only(account: Settings) -> None:
    admin = build_account_admin(account)
    for trigger in await admin.list_usage_triggers():
        await admin.delete_usage_trigger(trigger.sid)
    await admin.close()
    sandbox = await findings(account)
    for part in ("usage trigger", "fallback"):
        assert (sandbox[part].state, sandbox[part].detail) == (CheckState.OK, "sandbox: not needed")
    found = await real_findings(account)
    assert found["usage trigger"].state is CheckState.WARN
    assert re.search(r"a day of \d{1,3}(,\d{3})* dollars to ", found["usage trigger"].detail), found["usage trigger"]
    assert found["fallback"].state is CheckState.WARN
    elsewhere = msgspec.structs.replace(account, carrier_fallback_url="https://handler.twilio.com/twiml/EH1")
    assert (await real_findings(elsewhere))["fallback"].ok


async def test_large_amounts_and_single_numbers_read_well(account: Settings) -> None:
    needs = await read_carrier_needs(account)
    large = msgspec.structs.replace(needs.exposure, cents_per_day=10_000_000)
    found = await real_findings(account, msgspec.structs.replace(needs, exposure=large))
    assert "a day of 200,000 dollars to" in found["usage trigger"].detail
    admin = build_account_admin(account)
    await admin.buy_number("+14155550100", friendly_name="pn:1")
    await admin.close()
    assert (await findings(account))["carrier"].detail == "credentials accepted, 1 phone number"


@pytest.mark.parametrize("balance", ["", "much", "NaN"])
async def test_an_unreadable_balance_is_described(account: Settings, balance: str) -> None:
    await set_switches(account, balance=balance)
    found = (await findings(account))["balance"]
    assert (found.state, found.detail) == (CheckState.FAIL, "the carrier's answer has no readable balance")
    verified = {result.part: result for result in await verify_carrier(account, call=None)}
    assert verified["balance"].detail == found.detail
    assert verified["access token"].ok
