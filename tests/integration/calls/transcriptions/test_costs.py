"""Transcripts of voicemails are charged once, and count in the spending limits."""

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.models import IncomingUsage
from kit.clock import utc_now
from kit.db.database import Database
from support.callback_client import CallbackClient
from support.carrier_account import CarrierAccount
from support.factories import Tenant
from support.voicemail_transcripts import (
    add_recording,
    api_path,
    leave_voicemail,
    place_incoming_call,
    report_recording,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("seconds", "micros"), [(12, 55_000), (61, 110_000), (121, 15_000), (1, 5_000)])
@pytest.mark.parametrize("key", ["", "9"], ids=["kept", "discarded"])
@pytest.mark.usefixtures("switched_on")
async def test_a_transcript_is_charged_once_by_the_minute(
    callbacks: CallbackClient,
    tenant: Tenant,
    account: CarrierAccount,
    database: Database,
    seconds: int,
    micros: int,
    key: str,
) -> None:
    sid, _ = await place_incoming_call(callbacks, tenant)
    recording = add_recording(account, sid, 1)
    form = {"CallSid": sid, "RecordingSid": recording, "RecordingDuration": str(seconds), "Digits": key}
    for _ in range(2):
        await callbacks.send("/voice/incoming/recorded", form)
        await report_recording(callbacks, sid, recording, seconds)
    async with database.sessions() as session:
        mine = IncomingUsage.owned_by(tenant.organization.id)
        assert await session.scalar(sa.select(IncomingUsage.month_micros).where(mine)) == micros


@pytest.mark.usefixtures("switched_on")
async def test_transcripts_use_up_the_spending_limit(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount
) -> None:
    for _ in range(3):
        sid, _ = await leave_voicemail(callbacks, tenant, account, 60)
        await callbacks.event(sid, "completed", utc_now(), CallDuration="0")
    # Of each message half a cent for the sound and 5 cents for the text.
    rules = api_path(tenant, "calling-rules")
    assert (await owner.get(rules)).json()["used"]["spend_cents_per_day"] == 17
    assert (await owner.put(rules, json={"limits": {"spend_cents_per_day": 16}})).status_code == 200
    assert "cannot take calls" in (await place_incoming_call(callbacks, tenant))[1]
