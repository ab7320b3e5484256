"""An organization's export is complete, safe in spreadsheets and without secrets."""

import csv
import io
import json
import re
import zipfile

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from calls.models import Call, CallEvent
from conftest import NewClient
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from phone_numbers.models import RegisteredAddress, RegulatoryBundle
from privacy.organization_export import MAX_EXPORTS_PER_HOUR, OrganizationExport
from support.factories import Factory, Tenant
from support.full_tenant import FullTenant, make_full_tenant
from support.page_session import post_form
from support.passwords import PASSWORD
from tenants.models import ApiKey, Role
from widget.models import EmbedToken

pytestmark = pytest.mark.anyio
FILES = [
    "README.txt",
    "organization.json",
    "calling_rules.json",
    "incoming_calls.json",
    "usage.json",
    "members.csv",
    "invitations.csv",
    "phone_numbers.csv",
    "verified_numbers.csv",
    "addresses.csv",
    "identity_documents.csv",
    "embed_tokens.csv",
    "voicemails.csv",
    "recordings.csv",
    "voicemail_greetings.csv",
    "refused_pages.csv",
    "api_keys.csv",
    "hubspot_account.csv",
    "hubspot_calls.csv",
    "call_changes.csv",
    "calls.csv",
    "call_events.csv",
    "audit.csv",
]


async def enter(client: httpx.AsyncClient, user: User) -> httpx.AsyncClient:
    answer = await post_form(client, "/login", "/login", {"email": user.email, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client


async def export(client: httpx.AsyncClient, tenant: Tenant, **fields: str) -> httpx.Response:
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    return await post_form(client, f"{settings}/organization", f"{settings}/organization/export", fields)


def opened(answer: httpx.Response) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
async def own(database: Database, settings: Settings) -> FullTenant:
    return await make_full_tenant(database, Factory(database, settings))


async def test_an_owner_gets_everything_and_it_is_on_record(
    client: httpx.AsyncClient, own: FullTenant, database: Database
) -> None:
    tenant = own.tenant
    await enter(client, tenant.owner)
    answer = await export(client, tenant)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{tenant.organization.slug}-20')
    files = opened(answer)
    assert [name for name in files if not name.startswith("recordings/")] == FILES
    assert f"recordings/{own.ids['audio_id']}.wav" in files
    organization = json.loads(files["organization.json"])
    assert (organization["id"], organization["call_data_kept_months"]) == (str(tenant.organization.id), 24)
    assert json.loads(files["calling_rules.json"])["blocked_numbers"] == ["+12125550188"]
    assert json.loads(files["usage.json"])[0]["calls"] == 1
    assert {row["email"] for row in rows(files["members.csv"])} == {tenant.owner.email, own.member.email}
    assert [row["e164"] for row in rows(files["phone_numbers.csv"])] == [tenant.number]
    assert [row["e164"] for row in rows(files["verified_numbers.csv"])] == ["+12125550133"]
    assert [row["street"] for row in rows(files["addresses.csv"])] == ["Unter den Linden 1"]
    assert [row["country"] for row in rows(files["identity_documents.csv"])] == ["GB"]
    call = rows(files["calls.csv"])[0]
    assert (call["id"], call["to"], call["is_carriers_price"]) == (str(own.ids["call_id"]), "+12125550177", "no")
    assert [row["call"] for row in rows(files["call_events.csv"])] == [call["id"]]
    assert "organization.exported" in {row["action"] for row in rows(files["audit.csv"])}
    for name in ("invitations.csv", "embed_tokens.csv", "refused_pages.csv", "api_keys.csv", "call_changes.csv"):
        assert rows(files[name]), name


async def test_no_digest_and_no_carriers_id_is_in_it(
    client: httpx.AsyncClient, own: FullTenant, database: Database
) -> None:
    await enter(client, own.tenant.owner)
    everything = "".join(opened(await export(client, own.tenant)).values())
    mine = own.tenant.organization.id
    async with database.sessions() as session:
        secrets = [
            *(
                digest.hex()
                for digest in await session.scalars(sa.select(EmbedToken.digest).where(EmbedToken.owned_by(mine)))
            ),
            *(digest.hex() for digest in await session.scalars(sa.select(ApiKey.digest).where(ApiKey.owned_by(mine)))),
            *await session.scalars(sa.select(RegisteredAddress.carrier_sid).where(RegisteredAddress.owned_by(mine))),
            *await session.scalars(sa.select(RegulatoryBundle.carrier_sid).where(RegulatoryBundle.owned_by(mine))),
            *await session.scalars(sa.select(Call.carrier_sid).where(Call.owned_by(mine))),
            *await session.scalars(sa.select(CallEvent.leg_sid).where(CallEvent.owned_by(mine))),
        ]
    assert len(secrets) >= 5
    assert [secret for secret in secrets if secret in everything] == []


async def test_text_that_could_be_a_formula_is_inert(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await make.token(tenant)
    async with database.sessions() as session, session.begin():
        mine = sa.update(EmbedToken).where(EmbedToken.owned_by(tenant.organization.id))
        await session.execute(mine.values(label="=HYPERLINK(1)"))
    await enter(client, tenant.owner)
    tokens = rows(opened(await export(client, tenant))["embed_tokens.csv"])
    assert [row["label"] for row in tokens] == ["'=HYPERLINK(1)"]


async def test_each_csv_begins_with_a_byte_order_mark_where_one_is_asked_for(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await enter(client, tenant.owner)
    files = opened(await export(client, tenant, bom="on"))
    marked = [name for name, text in files.items() if text.startswith("\ufeff")]
    assert marked == [name for name in FILES if name.endswith(".csv")]


async def test_more_rows_than_one_batch_are_all_there(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    async with database.sessions() as session, session.begin():
        await session.execute(
            sa.text(
                "INSERT INTO call (id, organization_id, token_id, carrier_sid, identity, to_number, status, started_at)"
                " SELECT gen_random_uuid(), :organization, :token, 'CA' || md5(random()::text), 'w', '+12125550101',"
                " 'completed', now() FROM generate_series(1, 1203)"
            ),
            {"organization": tenant.organization.id, "token": token.id},
        )
    await enter(client, tenant.owner)
    calls = rows(opened(await export(client, tenant))["calls.csv"])
    assert len({row["id"] for row in calls}) == 1203


async def test_it_is_for_owners_and_a_few_times_an_hour(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    admin = await enter(new_client(), await make.member(tenant.organization, Role.ADMIN))
    assert (
        "Download everything"
        not in (await admin.get(f"/dashboard/{tenant.organization.slug}/settings/organization")).text
    )
    assert (await export(admin, tenant)).status_code == 403
    owner = await enter(new_client(), tenant.owner)
    answers = [await export(owner, tenant) for _ in range(MAX_EXPORTS_PER_HOUR + 1)]
    assert [answer.status_code for answer in answers] == [200] * MAX_EXPORTS_PER_HOUR + [429]
    assert re.search(r"Too many requests\. Try again in \d+ (minutes|seconds)\.", answers[-1].text)
    async with database.sessions() as session:
        exports = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "organization.exported"
        assert await session.scalar(sa.select(sa.func.count()).where(*exports)) == MAX_EXPORTS_PER_HOUR


async def test_no_file_of_an_export_keeps_a_connection_while_its_reader_takes_a_chunk(
    other_worker_database: Database, database: Database, make: Factory
) -> None:
    full = await make_full_tenant(database, make)
    export_of = OrganizationExport(other_worker_database, full.tenant.organization.id, default_months=13)
    held = {
        name: other_worker_database.connections_in_use
        for name, chunks in export_of.files("Acme", utc_now(), ())
        async for _ in chunks
    }
    assert held == dict.fromkeys(FILES, 0)
