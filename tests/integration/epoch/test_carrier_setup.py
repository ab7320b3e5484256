"""``epoch carrier setup`` on a sandbox carrier's account: it sets URLs and the usage trigger, and reports conflicts."""

import asyncio
import os
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from carrier.account import AccountAdmin, ApplicationUrls
from epoch.carrier_factory import build_account_admin
from epoch.cli.carrier_expectations import fallback_advice
from epoch.cli.carrier_setup import SetupOptions, Step
from epoch.cli.commands import read_deployment, setup_carrier
from kit.db.database import Database
from kit.environment import SettingsError
from kit.settings import Settings, load_settings
from support.epoch_command import run_epoch
from support.factories import Factory
from support.local_http import local_client
from support.sandbox_server import own_sandbox
from tenants.models import PhoneNumber

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CHECK = SetupOptions(is_check=True)
FOREIGN = ApplicationUrls(
    voice="https://other.example/voice/outgoing", fallback="", status="https://other.example/voice/status"
)


@pytest.fixture
async def account(own_settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings as of a production deployment, with an account of its own at a sandbox carrier."""
    placed = msgspec.structs.replace(own_settings, data_dir=tmp_path, public_url="https://voice.example.com")
    async with own_sandbox(placed) as served:
        yield served


@pytest.fixture
async def admin(account: Settings) -> AsyncIterator[AccountAdmin]:
    admin = build_account_admin(account)
    yield admin
    await admin.close()


def with_application(settings: Settings, sid: str) -> Settings:
    return msgspec.structs.replace(settings, twilio=msgspec.structs.replace(settings.twilio, twiml_app_sid=sid))


def lines(steps: list[Step], state: str) -> list[str]:
    return [step.text for step in steps if step.state == state]


async def application(admin: AccountAdmin, settings: Settings) -> tuple[str, ApplicationUrls]:
    found = await admin.find_application(settings.twilio.twiml_app_sid)
    assert found is not None
    return found.friendly_name, found.urls


async def test_it_sets_every_address_and_the_trigger_and_then_finds_nothing_to_do(
    account: Settings, admin: AccountAdmin
) -> None:
    name = (await read_deployment(account)).name
    would = await setup_carrier(account, CHECK)
    assert lines(would, "updated") == lines(would, "created") == []
    assert len(lines(would, "differs")) == 5
    assert (await application(admin, account))[1].voice == ""
    assert await admin.list_usage_triggers() == []

    done = await setup_carrier(account)
    sid = account.twilio.twiml_app_sid
    assert f"application {sid}: voice URL is now https://voice.example.com/voice/outgoing, was empty" in lines(
        done, "updated"
    )
    assert await application(admin, account) == (
        f"Epoch Voice {name}",
        ApplicationUrls(
            voice="https://voice.example.com/voice/outgoing",
            fallback="https://voice.example.com/voice/unavailable",
            status="https://voice.example.com/voice/status",
        ),
    )
    (trigger,) = await admin.list_usage_triggers()
    assert (trigger.callback_url, trigger.is_daily_cost) == ("https://voice.example.com/voice/usage-alert", True)
    assert trigger.dollars >= 50

    for options in (SetupOptions(), CHECK):
        again = await setup_carrier(account, options)
        assert {step.state for step in again} == {"ok"}
    assert await admin.list_usage_triggers() == [trigger]


async def test_a_fallback_on_another_host_is_set_and_its_text_printed(account: Settings, admin: AccountAdmin) -> None:
    elsewhere = msgspec.structs.replace(account, carrier_fallback_url="https://handler.twilio.com/twiml/EH1")
    await setup_carrier(account)
    (changed,) = lines(await setup_carrier(elsewhere), "updated")
    assert "fallback URL is now https://handler.twilio.com/twiml/EH1" in changed
    assert (await application(admin, account))[1].fallback == "https://handler.twilio.com/twiml/EH1"
    assert "<Reject/>" in fallback_advice(elsewhere)
    assert "EPOCH_CARRIER_FALLBACK_URL is not set" in fallback_advice(account)


def test_a_fallback_on_the_same_host_is_refused() -> None:
    urls = {"EPOCH_PUBLIC_URL": "https://voice.example.com"}
    with pytest.raises(SettingsError, match="EPOCH_CARRIER_FALLBACK_URL must be on another host"):
        load_settings({**urls, "EPOCH_CARRIER_FALLBACK_URL": "https://voice.example.com/sorry"})
    with pytest.raises(SettingsError, match="EPOCH_CARRIER_FALLBACK_URL must be like"):
        load_settings({**urls, "EPOCH_CARRIER_FALLBACK_URL": "handler"})


@pytest.mark.parametrize("sid", ["", "AP" + "0" * 32], ids=["none", "unknown"])
async def test_without_a_known_application_one_is_created_once(
    account: Settings, admin: AccountAdmin, sid: str
) -> None:
    placed, name = with_application(account, sid), f"Epoch Voice {(await read_deployment(account)).name}"
    (would, _) = lines(await setup_carrier(placed, CHECK), "differs")
    assert "would create the application" in would
    assert await admin.list_applications(name) == []

    done = await setup_carrier(placed)
    (created,) = await admin.list_applications(name)
    assert created.urls.voice == "https://voice.example.com/voice/outgoing"
    assert lines(done, "note") == [f"set TWILIO_TWIML_APP_SID={created.sid} and restart"]
    assert created.sid in lines(done, "created")[0]

    again = await setup_carrier(placed)
    assert await admin.list_applications(name) == [created]
    (note,) = lines(again, "note")
    assert f"set TWILIO_TWIML_APP_SID={created.sid}" in note
    assert sid in note
    assert {step.state for step in again} == {"ok", "note"}


async def test_an_application_that_leads_elsewhere_is_reported_unless_adopted(
    account: Settings, admin: AccountAdmin
) -> None:
    sid = account.twilio.twiml_app_sid
    await admin.update_application(sid, "Somebody's", FOREIGN)
    (refused,) = lines(await setup_carrier(account), "refused")
    assert "other.example" in refused
    assert "--adopt" in refused
    assert await application(admin, account) == ("Somebody's", FOREIGN)

    await setup_carrier(account, SetupOptions(adopts=True))
    assert (await application(admin, account))[1].voice == "https://voice.example.com/voice/outgoing"


async def test_an_application_of_this_deployment_follows_its_public_url(account: Settings, admin: AccountAdmin) -> None:
    await setup_carrier(account)
    moved = msgspec.structs.replace(account, public_url="https://new.example.com")
    assert lines(await setup_carrier(moved), "refused") == []
    assert (await application(admin, account))[1].voice == "https://new.example.com/voice/outgoing"
    (trigger,) = await admin.list_usage_triggers()
    assert trigger.callback_url == "https://new.example.com/voice/usage-alert"


async def test_triggers_of_others_stay_and_a_wrong_own_one_is_replaced(account: Settings, admin: AccountAdmin) -> None:
    name = (await read_deployment(account)).name
    others = await admin.create_usage_trigger(
        "Epoch Voice 0123456789ab daily cost", Decimal(1), "https://other.example/x"
    )
    wrong = await admin.create_usage_trigger(
        f"Epoch Voice {name} daily cost", Decimal(1), "https://voice.example.com/x"
    )
    await setup_carrier(account)
    left = await admin.list_usage_triggers()
    assert others in left
    assert wrong not in left
    assert len(left) == 2


async def test_a_number_whose_callers_reach_another_server_is_reported(
    account: Settings, admin: AccountAdmin, jobs: Database
) -> None:
    mine = await admin.buy_number("+14155550100", friendly_name="pn:1")
    await admin.buy_number("+14155550101", friendly_name="pn:2")
    tenant = await Factory(jobs, account).tenant()
    async with jobs.sessions() as session, session.begin():
        is_of_tenant = PhoneNumber.organization_id == tenant.organization.id
        await session.execute(sa.update(PhoneNumber).where(is_of_tenant).values(carrier_sid=mine.sid))
    for number in await admin.owned_numbers():
        await set_number(account, number.sid, VoiceUrl="https://demo.example/welcome")
    (note,) = lines(await setup_carrier(account), "note")
    assert note == f"number …0100 ({mine.sid}): people who call it back reach demo.example, not this product"


async def test_a_copy_of_a_database_changes_nothing(account: Settings, admin: AccountAdmin, jobs: Database) -> None:
    async with jobs.sessions() as session, session.begin():
        before = await session.scalar(sa.text("SELECT database_identity FROM deployment"))
        await session.execute(sa.text("UPDATE deployment SET database_identity = 'another'"))
    try:
        (refused,) = lines(await setup_carrier(account), "refused")
    finally:
        async with jobs.sessions() as session, session.begin():
            await session.execute(sa.text("UPDATE deployment SET database_identity = :id"), {"id": before})
    assert "epoch deployment --moved" in refused
    assert (await application(admin, account))[1].voice == ""


async def test_the_command_prints_a_line_for_each_thing_and_exits_with_1_for_differences(account: Settings) -> None:
    environ = {
        **os.environ,
        "EPOCH_DATABASE_URL": account.database_url or "",
        "EPOCH_DATA_DIR": str(account.data_dir),
        "EPOCH_SANDBOX_ADDRESS": account.sandbox_address or "",
    }
    printed = []
    for arguments, status in ((["--check"], 1), ([], 0), (["--check"], 0)):
        done = await asyncio.to_thread(run_epoch, environ, "carrier", "setup", *arguments)
        assert (done.returncode, done.stderr) == (status, "")
        printed.append(done.stdout)
    assert "differs   application AP" in printed[0]
    assert "updated   application AP" in printed[1]
    assert "created   usage trigger UT" in printed[1]
    assert "ok        application AP" in printed[2]
    assert "<Reject/>" in printed[2]


async def test_commands_about_the_account_do_not_need_the_application() -> None:
    environ = {
        "EPOCH_CARRIER": "twilio",
        "EPOCH_PUBLIC_URL": "https://voice.example.com",
        "EPOCH_SECRET_KEY": "s" * 32,
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": "2" * 32,
        "TWILIO_API_KEY_SID": "SK" + "3" * 32,
        "TWILIO_API_KEY_SECRET": "4" * 32,
    }
    assert load_settings(environ, needs_application=False).twilio.twiml_app_sid == ""
    with pytest.raises(SettingsError, match="TWILIO_TWIML_APP_SID"):
        load_settings(environ)


async def set_number(settings: Settings, sid: str, **fields: str) -> None:
    """Change a number at the carrier as its console does."""
    own = settings.twilio
    path = f"/2010-04-01/Accounts/{own.account_sid}/IncomingPhoneNumbers/{sid}.json"
    auth = (own.account_sid, own.auth_token)
    async with local_client(base_url=f"http://{settings.sandbox_address}", auth=auth) as client:
        assert (await client.post(path, data=fields)).status_code == 200
