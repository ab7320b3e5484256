"""Files of earlier releases: served from the database on every machine, pinned versions with their hash."""

import asyncio
import base64
import datetime as dt
import gzip
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import brotli
import httpx
import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from conftest import PUBLIC_URL
from epoch.app import create_app
from epoch.release import install_release
from kit.db.connector import DatabaseUnreachable
from kit.db.database import Database, owner_engine
from kit.errors import Unavailable
from kit.settings import Settings, load_settings
from kit.version import VERSION
from support.asgi import asgi_transport
from support.databases import patient_database
from support.ports import unused_port
from widget.built_files import StoredFile, pinned_script
from widget.models import WidgetFile
from widget.release_files import MIN_STORED_RELEASES, RETENTION_MONTHS, ReleaseChanged, ReleaseFiles, ReleaseFileService

pytestmark = pytest.mark.anyio
FORMER = "0.0.9"
CHUNK = "panel-FORMER01.js"
FORMER_CHUNK = b"export const panel = 'as it was';\n" * 20
FORMER_SCRIPT = b"const base = '__EPOCH_API_BASE__';\n" * 20
CACHED_FOR_A_YEAR = "public, max-age=31536000, immutable"
NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)


def build(folder: Path, *, script: bytes = FORMER_SCRIPT) -> Path:
    """A built frontend of another release."""
    folder.mkdir()
    manifest = {name: name for name in ("phone.js", "phone.full.js", "phone.d.ts", "third-party-notices.txt")}
    for name in manifest:
        (folder / name).write_bytes(script)
    (folder / CHUNK).write_bytes(FORMER_CHUNK)
    (folder / f"{CHUNK}.br").write_bytes(brotli.compress(FORMER_CHUNK))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "panel.js": CHUNK}))
    return folder


@pytest.fixture(scope="module")
def upgraded(own_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a database that was migrated by a former release, then by this one."""
    url = own_settings.database_url
    assert url is not None
    former = build(tmp_path_factory.mktemp("former") / "dist")
    install_release(url, is_production=True, version=FORMER, dist=former)
    install_release(url, is_production=True)
    return own_settings


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of one machine."""
    database = patient_database(settings)
    transport = asgi_transport(create_app(settings, database=database))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client
    await database.stop()


@pytest.fixture(scope="module")
async def machine(upgraded: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(upgraded) as client:
        yield client


def integrity(body: bytes) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(body).digest()).decode()}"


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
async def test_a_chunk_of_an_earlier_release_is_served_unchanged(machine: httpx.AsyncClient, encoding: str) -> None:
    answer = await machine.get(f"/widget/{CHUNK}", headers={"Accept-Encoding": encoding})
    assert (answer.status_code, answer.content) == (200, FORMER_CHUNK)
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == CACHED_FOR_A_YEAR
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = await machine.get(f"/widget/{CHUNK}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_an_earlier_version_is_served_with_the_url_of_this_deployment(machine: httpx.AsyncClient) -> None:
    answer = await machine.get(f"/widget/{FORMER}/phone.js")
    assert answer.content == FORMER_SCRIPT.replace(b"__EPOCH_API_BASE__", PUBLIC_URL.encode())
    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["cache-control"] == CACHED_FOR_A_YEAR
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_the_running_version_has_three_urls(machine: httpx.AsyncClient) -> None:
    moving, compatible, pinned = [
        await machine.get(f"/widget/{path}") for path in ("phone.js", "v1/phone.js", f"{VERSION}/phone.js")
    ]
    assert moving.content == compatible.content == pinned.content
    assert compatible.headers["cache-control"] == moving.headers["cache-control"]
    assert pinned.headers["cache-control"] == CACHED_FOR_A_YEAR
    for header in ("access-control-allow-origin", "cross-origin-resource-policy", "content-encoding", "etag"):
        assert pinned.headers[header] == compatible.headers[header] == moving.headers[header]
    head = await machine.head(f"/widget/{VERSION}/phone.js")
    assert (head.status_code, head.content) == (200, b"")
    assert (await machine.get(f"/widget//{VERSION}/phone.js")).content == pinned.content


async def test_another_public_url_gives_another_file_with_another_hash(upgraded: Settings) -> None:
    moved = msgspec.structs.replace(upgraded, public_url="https://phone.example.org")
    found = {}
    for settings in (upgraded, moved):
        async with serving(settings) as client:
            body = (await client.get(f"/widget/{VERSION}/phone.js")).content
            guide = (await client.get("/docs/widget-integration/llm.md")).text
            former = (await client.get(f"/widget/{FORMER}/phone.js")).content
        assert settings.public_url.encode() in body
        assert settings.public_url.encode() in former
        assert re.findall(r'integrity="([^"]+)"', guide) == [integrity(body)]
        found[settings.public_url] = (integrity(body), integrity(former))
    assert len(set(found.values())) == 2


@pytest.mark.parametrize(
    "path", ["9.9.9/phone.js", "panel-UNKNOWN1.js", "..%2fphone.js", "x" * 3000, "%00", "v2/phone.js"]
)
async def test_an_unknown_file_name_gets_a_problem_that_is_not_cached(machine: httpx.AsyncClient, path: str) -> None:
    answer = await machine.get(f"/widget/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.fixture
async def lookups(upgraded: Settings) -> AsyncIterator[Database]:
    database = patient_database(upgraded)
    yield database
    await database.stop()


@asynccontextmanager
async def owner_session(settings: Settings) -> AsyncIterator[AsyncSession]:
    assert settings.database_url is not None
    engine = owner_engine(settings.database_url)
    async with AsyncSession(engine) as session, session.begin():
        yield session
    await engine.dispose()


async def test_a_name_that_was_requested_before_needs_no_query(lookups: Database, upgraded: Settings) -> None:
    kept = ReleaseFiles(lookups, PUBLIC_URL, refresh_seconds=3600)
    chunk = await kept.find(CHUNK)
    assert chunk is not None
    async with owner_session(upgraded) as session:
        # A query would wait for the lock, then fail.
        await session.execute(sa.text("LOCK TABLE widget_file IN ACCESS EXCLUSIVE MODE"))
        assert [await kept.find(f"panel-{number}.js") for number in range(200)] == [None] * 200
        assert await kept.find(CHUNK) is chunk


async def test_a_release_that_is_installed_after_the_start_is_found(lookups: Database, upgraded: Settings) -> None:
    kept = ReleaseFiles(lookups, PUBLIC_URL, refresh_seconds=0)
    assert await kept.find("panel-NEWER001.js") is None
    async with owner_session(upgraded) as session:
        newer = StoredFile(gzip=gzip.compress(b"newer"), brotli=brotli.compress(b"newer"))
        await ReleaseFileService(session).record({"panel-NEWER001.js": newer}, NOW)
    found = await kept.find("panel-NEWER001.js")
    assert found is not None
    assert found.bodies[b"identity"] == b"newer"


async def test_a_database_outage_is_not_a_missing_file_and_is_not_retried_at_once() -> None:
    nowhere = Database(f"postgresql://nobody@127.0.0.1:{unused_port()}/none")
    kept = ReleaseFiles(nowhere, PUBLIC_URL, refresh_seconds=3600)
    with pytest.raises(DatabaseUnreachable):
        await kept.find(CHUNK)
    with pytest.raises(Unavailable):
        await kept.find(CHUNK)
    await nowhere.stop()


async def stored_files(url: str) -> dict[str, bytes]:
    """The content of each kept file."""
    engine = owner_engine(url)
    async with AsyncSession(engine) as session:
        rows = (await session.execute(sa.select(WidgetFile.name, WidgetFile.gzip))).all()
    await engine.dispose()
    return {name: gzip.decompress(packed) for name, packed in rows}


def test_a_released_version_is_replaced_only_outside_production(
    new_migrated_database: Callable[[], str], tmp_path: Path
) -> None:
    url, script = new_migrated_database(), pinned_script(FORMER)
    first, second = build(tmp_path / "first"), build(tmp_path / "second", script=b"changed")
    for _ in range(2):
        install_release(url, is_production=True, version=FORMER, dist=first)
    with pytest.raises(ReleaseChanged, match=rf"build of {FORMER} has another phone\.js"):
        install_release(url, is_production=True, version=FORMER, dist=second)
    assert asyncio.run(stored_files(url)) == {script: FORMER_SCRIPT, CHUNK: FORMER_CHUNK}
    install_release(url, is_production=False, version=FORMER, dist=second)
    assert asyncio.run(stored_files(url)) == {script: b"changed", CHUNK: FORMER_CHUNK}


def test_a_checkout_without_a_built_frontend_can_migrate(
    new_migrated_database: Callable[[], str], tmp_path: Path
) -> None:
    said: list[str] = []
    install_release(new_migrated_database(), said.append, is_production=False, dist=tmp_path)
    assert len(said) == 1
    assert "run `make widget`" in said[0]


async def test_old_releases_are_deleted_but_never_the_newest(new_migrated_database: Callable[[], str]) -> None:
    settings = load_settings({"EPOCH_DATABASE_URL": new_migrated_database()})
    long_ago = NOW - dt.timedelta(days=31 * RETENTION_MONTHS + 100)
    everywhere, fresh = StoredFile(gzip=b"sdk", brotli=b"sdk"), pinned_script("1.0")
    async with owner_session(settings) as session:
        service = ReleaseFileService(session)
        for number in range(MIN_STORED_RELEASES + 1):
            own = StoredFile(gzip=b"panel", brotli=b"panel")
            files = {
                pinned_script(f"0.{number}"): StoredFile(gzip=b"script", brotli=None),
                f"panel-{number}.js": own,
                "sdk.js": everywhere,
            }
            await service.record(files, long_ago + dt.timedelta(days=number))
        await service.delete_old(NOW)
        names = set(await session.scalars(sa.select(WidgetFile.name)))
        expected = {
            name
            for number in range(1, MIN_STORED_RELEASES + 1)
            for name in (f"0.{number}/phone.js", f"panel-{number}.js")
        }
        assert names == expected | {"sdk.js"}
        await service.record({fresh: StoredFile(gzip=b"script", brotli=None)}, NOW)
        await service.delete_old(NOW)
        names = set(await session.scalars(sa.select(WidgetFile.name)))
    assert names == expected - {"0.1/phone.js", "panel-1.js"} | {"sdk.js", fresh}
