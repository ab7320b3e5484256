"""``epoch carrier verify`` on a sandbox carrier's account: it changes nothing, and places a call only on request."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from carrier.account import AccountAdmin
from epoch.carrier_factory import build_account_admin
from epoch.cli.check_results import CheckResult, CheckState
from epoch.cli.commands import setup_carrier, verify_carrier
from kit.db.database import Database
from kit.environment import SettingsError
from kit.settings import Settings
from support.epoch_command import run_epoch
from support.factories import Factory
from support.sandbox_server import own_sandbox, set_switches
from tenants.models import PhoneNumber

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ANSWERS, BUSY = "+12125550147", "+12125550102"


@pytest.fixture
async def account(own_settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    fast = msgspec.structs.replace(own_settings, data_dir=tmp_path, sandbox_speed=50.0)
    async with own_sandbox(fast) as served:
        await setup_carrier(served)
        yield served


@pytest.fixture
async def admin(account: Settings) -> AsyncIterator[AccountAdmin]:
    admin = build_account_admin(account)
    yield admin
    await admin.close()


async def hold_number(settings: Settings, admin: AccountAdmin, jobs: Database) -> None:
    """Let an organization hold a number that the account has too."""
    bought = await admin.buy_number("+14155550100", friendly_name="pn:1")
    tenant = await Factory(jobs, settings).tenant()
    async with jobs.sessions() as session, session.begin():
        is_of_tenant = PhoneNumber.organization_id == tenant.organization.id
        await session.execute(sa.update(PhoneNumber).where(is_of_tenant).values(carrier_sid=bought.sid))


async def report(settings: Settings, call: str | None = None) -> dict[str, CheckResult]:
    return {result.part: result for result in await verify_carrier(settings, call=call)}


async def test_it_reads_and_changes_nothing(account: Settings, admin: AccountAdmin) -> None:
    before = (await admin.owned_numbers(), await admin.list_usage_triggers())
    found = await report(account)
    assert list(found) == ["account", "balance", "application", "numbers", "search", "access token"]
    assert {result.state for result in found.values()} == {CheckState.OK}
    assert found["balance"].detail == "100.00 USD"
    assert found["numbers"].detail == "0 in the account, 0 of them of this deployment"
    assert "nothing was bought" in found["search"].detail
    assert account.twilio.api_key_sid in found["access token"].detail
    assert (await admin.owned_numbers(), await admin.list_usage_triggers()) == before


async def test_a_call_is_placed_only_when_a_number_is_given(
    account: Settings, admin: AccountAdmin, jobs: Database
) -> None:
    without = await report(account, ANSWERS)
    assert without["call"].state is CheckState.FAIL
    assert "no number to call from" in without["call"].detail
    await hold_number(account, admin, jobs)
    answered = (await report(account, ANSWERS))["call"]
    assert answered.state is CheckState.OK
    assert "answered" in answered.detail
    assert ANSWERS not in answered.detail
    busy = (await report(account, BUSY))["call"]
    assert (busy.state, ": busy, " in busy.detail) == (CheckState.FAIL, True)


@pytest.mark.parametrize("number", ["4155550100", "+1", "911", "+1911"])
async def test_an_invalid_number_is_refused_before_the_carrier_is_asked(account: Settings, number: str) -> None:
    with pytest.raises(SettingsError, match="--call"):
        await verify_carrier(account, call=number)


async def test_a_restricted_key_and_wrong_credentials_fail(account: Settings) -> None:
    await set_switches(account, key_type="restricted")
    assert "restricted" in (await report(account))["access token"].detail
    wrong = msgspec.structs.replace(account.twilio, api_key_secret="0" * 32)
    found = await report(msgspec.structs.replace(account, twilio=wrong))
    assert found["account"].ok
    assert [found[part].ok for part in ("balance", "application", "numbers", "search", "access token")] == [False] * 5


async def test_the_command_prints_the_report(account: Settings) -> None:
    environ = {
        **os.environ,
        "EPOCH_DATABASE_URL": account.database_url or "",
        "EPOCH_DATA_DIR": str(account.data_dir),
        "EPOCH_SANDBOX_ADDRESS": account.sandbox_address or "",
    }
    done = await asyncio.to_thread(run_epoch, environ, "carrier", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 6
