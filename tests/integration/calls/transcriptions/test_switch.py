"""The setting ``transcribe``: voicemails are transcribed only where it is on and English is spoken."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.transcription_jobs import FETCH_TRANSCRIPTION
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.jobs.models import QueuedJob
from support.callback_client import CallbackClient
from support.carrier_account import CarrierAccount
from support.factories import Tenant
from support.voicemail_transcripts import (
    add_recording,
    api_path,
    change_incoming_call_settings,
    place_incoming_call,
    report_recording,
    voicemail_transcripts,
)

pytestmark = pytest.mark.anyio


async def test_no_transcription_is_requested_by_default(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, database: Database
) -> None:
    await change_incoming_call_settings(owner, tenant)
    assert "transcribe" not in (await owner.get(api_path(tenant, "incoming-calls"))).json()
    sid, answer = await place_incoming_call(callbacks, tenant)
    assert ("<Record " in answer, "transcri" in answer) == (True, False)
    await report_recording(callbacks, sid, add_recording(account, sid))
    assert await voicemail_transcripts(owner, tenant) == [(None, None)]
    async with database.sessions() as session:
        queued = sa.select(sa.func.count()).where(QueuedJob.kind == FETCH_TRANSCRIPTION)
        assert await session.scalar(queued) == 0


@pytest.mark.parametrize(
    ("given", "is_asked"),
    [
        ({"transcribe": True}, True),
        ({"transcribe": False}, False),
        ({"transcribe": True, "greeting": {"text": "Good morning", "language": "en-GB"}}, True),
        ({"transcribe": True, "greeting": {"text": "Guten Tag", "language": "de-DE"}}, False),
        ({"transcribe": True, "press_9": False}, True),
    ],
)
async def test_a_transcription_is_requested_where_it_is_on_and_english_is_spoken(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, given: dict[str, Any], is_asked: bool
) -> None:
    await change_incoming_call_settings(owner, tenant, **given)
    assert (await owner.get(api_path(tenant, "incoming-calls"))).json()["transcribe"] is given["transcribe"]
    _, answer = await place_incoming_call(callbacks, tenant)
    assert ('transcribe="true"' in answer) is is_asked
    assert ("/voice/incoming/transcription" in answer) is is_asked


async def test_transcription_can_be_on_for_one_number_only(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    (number,) = (await owner.get(api_path(tenant, "phone-numbers"))).json()["items"]
    await change_incoming_call_settings(owner, tenant)
    own = {"voicemail": True, "transcribe": True}
    saved = await owner.put(api_path(tenant, f"phone-numbers/{number['id']}/incoming-calls"), json=own)
    assert saved.json()["transcribe"] is True
    assert 'transcribe="true"' in (await place_incoming_call(callbacks, tenant))[1]
    refused = await owner.put(api_path(tenant, "incoming-calls"), json={"transcribe": "yes"})
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_failed")


async def test_changing_it_is_in_the_audit_log(owner: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    for settings in ({}, {"transcribe": True}, {}):
        await change_incoming_call_settings(owner, tenant, **settings)
    mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "incoming_calls.changed"
    async with database.sessions() as session:
        rows = list(await session.scalars(sa.select(AuditEvent.details).where(*mine).order_by(AuditEvent.id)))
    assert [(row["changed"], row["before"], row["after"]) for row in rows[1:]] == [
        (["transcribe"], {"transcribe": None}, {"transcribe": True}),
        (["transcribe"], {"transcribe": True}, {"transcribe": None}),
    ]
