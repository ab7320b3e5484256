"""After a number is erased, no column of any table contains its digits."""

import asyncio
import json
import re

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from admin.models import StaffRole
from calls.models import Call, CallStatus
from conftest import NewClient
from kit.clock import utc_now
from kit.db.database import Database
from kit.encryption import Encryptor
from kit.jobs.models import QueuedJob
from kit.settings import Settings
from support.admin_rows import Row
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.db_probe import columns_holding
from support.factories import Factory, sign_in
from support.staff import make_staff, post, sign_in_to_back_office
from support.widget_client import post_token
from widget.blocked_origins import BLOCKED_ORIGINS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
NUMBER, WRITTEN, DIGITS = "+13035550162", "(303) 555-0162", "3035550162"
"""Used by no other test, because the whole database is searched."""
OTHER = "+12125550148"
PAGE = f"https://t{DIGITS}.example"
CAME_IN = {
    ("blocked_number", "number"),
    ("call", "agent"),
    ("call", "company"),
    ("call", "name"),
    ("call", "url"),
    ("call", "note"),
    ("call_change", "note"),
    ("call_change", "tags"),
    ("call", "metadata"),
    ("call", "origin"),
    ("call", "to_number"),
    ("call_destination", "number"),
    ("embed_token", "last_origin"),
    ("blocked_origin", "origin"),
    ("organization_event", "body"),
    ("verified_number", "e164"),
    ("verified_number", "name"),
}


async def assert_held_by(database: Database, columns: set[tuple[str, str]]) -> None:
    """Some is written a few seconds after its request."""
    for _ in range(100):
        if await columns_holding(database, DIGITS) == columns:
            return
        await asyncio.sleep(0.3)
    assert await columns_holding(database, DIGITS) == columns


async def test_no_column_holds_the_digits_of_an_erased_number(
    app: Litestar,
    client: httpx.AsyncClient,
    new_client: NewClient,
    make: Factory,
    database: Database,
    settings: Settings,
) -> None:
    tenant = await make.tenant()
    organization_id = tenant.organization.id
    token, narrow = await make.token(tenant), await make.token(tenant, allowed_domains=["crm.example"])
    callbacks, api = CallbackClient(new_client(), settings), f"/api/organizations/{organization_id}"
    assert await columns_holding(database, DIGITS) == set()

    answered, child = new_sid(), new_sid()
    person = {"Name": f"Grace {WRITTEN}", "Url": f"https://crm.example/?number={DIGITS}"}
    assert (
        b"<Dial"
        in (
            await callbacks.outgoing(token.id, answered, to=NUMBER, Metadata=json.dumps({"c": NUMBER}), **person)
        ).content
    )
    for sequence, status in enumerate(("ringing", "in-progress", "completed")):
        at = utc_now()
        await callbacks.event(answered, status, at, child=child, sequence=sequence, To=NUMBER, CallDuration="3")
    note = json.dumps({"agent": WRITTEN, "contact": {WRITTEN: ["ring back", int(DIGITS)]}})
    await callbacks.outgoing(token.id, new_sid(), to=OTHER, Metadata=note, Page=PAGE, Company=f"No. {WRITTEN}")
    assert (await post_token(new_client(), token.raw, origins=[PAGE])).status_code == 200
    assert (await post_token(new_client(), narrow.raw, origins=[PAGE])).status_code == 403
    await BLOCKED_ORIGINS.get(app).flush()

    await sign_in(client, tenant.owner)
    named = {"number": NUMBER, "name": f"Grace {WRITTEN}"}
    assert (await client.post(f"{api}/verified-numbers", json=named)).status_code == 201
    of_others = (await client.get(f"{api}/calls", params={"number": OTHER})).json()["items"][0]["id"]
    remarks: tuple[dict[str, object], ...] = ({"note": f"Ring {WRITTEN}", "tags": [DIGITS]}, {"tags": []})
    for written in remarks:
        assert (await client.patch(f"{api}/calls/{of_others}", json=written)).status_code == 200
    blocked = await client.put(f"{api}/calling-rules", json={"blocked_numbers": [NUMBER, OTHER]})
    assert blocked.status_code == 200, blocked.text
    assert b"<Reject" in (await callbacks.outgoing(token.id, new_sid(), to=WRITTEN)).content
    assert b"<Reject" in (await callbacks.outgoing(token.id, new_sid(), to=f"{WRITTEN} ext. 5")).content
    assert (await client.get(f"{api}/calls", params={"number": NUMBER})).status_code == 200
    assert (await client.get(f"{api}/calls/export.csv", params={"number": NUMBER})).status_code == 200

    # Staff look at a call, search for the number, take a list away and end what is live, each of which is in the trail.
    office = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.ADMIN))
    live = Row(
        "call",
        await add_call(database, tenant, token, to_number=NUMBER, status=CallStatus.IN_PROGRESS, duration=0),
    )
    assert WRITTEN[-8:] in (await office.client.get(f"/admin/call/details/{live.id}")).text
    assert (await post(office.client, f"/admin/call/export?search={WRITTEN}")).status_code == 200
    ended = await post(office.client, live.path("end"), seen="live", reason=f"Rings {NUMBER} for hours")
    assert ended.status_code == 303, ended.text
    async with database.sessions() as session:
        sid = (await session.get_one(Call, live.id)).carrier_sid
    await callbacks.event(sid, "completed", utc_now(), child=new_sid(), CallDuration="3")

    await assert_held_by(database, CAME_IN)
    erased = await client.post(f"{api}/erasures", json={"number": WRITTEN})
    assert (erased.json()["calls"], erased.json()["metadata_of_calls"]) == (4, 1), erased.text
    await assert_held_by(database, {("blocked_number", "number")})
    assert (await client.post(f"{api}/erasures", json={"number": NUMBER, "unblock": True})).json()["unblocked"]
    await assert_held_by(database, set())
    # Queued jobs, mails included, are encrypted, so the search of the columns does not find the digits there.
    encryptor = Encryptor(settings.secret_keys, "outbox")
    async with database.sessions() as session:
        waiting = await session.scalars(sa.select(QueuedJob.payload).where(QueuedJob.payload.is_not(None)))
        decrypted = [
            encryptor.decrypt((payload or b"").decode(), seconds=None) or payload or b"" for payload in waiting
        ]
    mails = [path.read_bytes() for path in (settings.data_dir / "mail").glob("*.eml")]
    assert not [text for text in (*decrypted, *mails) if DIGITS.encode() in re.sub(rb"\D", b"", text)]
