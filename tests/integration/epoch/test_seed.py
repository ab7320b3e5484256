"""The seed of the demo: it is made once, only in the sandbox, and its token is kept or replaced."""

import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar

from accounts.models import User
from epoch.app import create_app
from epoch.cli.seed import describe_demo, read_demo_token, seed_demo
from kit import secrets
from kit.db.database import ADMIN_ROLE, Database
from kit.http.csrf import HEADER
from kit.settings import Settings
from support.asgi import asgi_transport
from support.db_probe import row_counts
from support.factories import Factory
from support.widget_client import post_token
from tenants.models import Organization, PhoneNumber
from widget.models import EmbedToken

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PAGE = "http://localhost:8000"


@pytest.fixture
def empty_url(new_migrated_database: Callable[[], str]) -> str:
    return new_migrated_database()


@pytest.fixture
def fresh(settings: Settings, empty_url: str, tmp_path: Path) -> Settings:
    """Settings of an installation that has seen nothing yet."""
    return msgspec.structs.replace(settings, database_url=empty_url, data_dir=tmp_path / "data")


@pytest.fixture
async def demo_database(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url, role=ADMIN_ROLE)
    yield database
    await database.stop()


@pytest.fixture
async def demo_app(fresh: Settings) -> AsyncIterator[Litestar]:
    application = create_app(fresh)
    async with application.lifespan():
        yield application


async def tokens(database: Database) -> dict[bytes, bool]:
    """Each token's digest, and whether it is active."""
    async with database.sessions() as session:
        rows = await session.execute(sa.select(EmbedToken.digest, EmbedToken.revoked_at))
        return {digest: revoked_at is None for digest, revoked_at in rows}


async def test_seeding_twice_changes_nothing(fresh: Settings, demo_database: Database) -> None:
    assert (await seed_demo(fresh)).created
    before, raw = await row_counts(demo_database), read_demo_token(fresh)
    assert raw is not None
    assert secrets.is_well_formed(raw, "ept_")
    assert not (await seed_demo(fresh)).created
    assert (await row_counts(demo_database), read_demo_token(fresh)) == (before, raw)
    assert await tokens(demo_database) == {secrets.digest(raw): True}


async def test_a_start_names_the_demo_accounts_that_exist(fresh: Settings, demo_database: Database) -> None:
    everybody = ("demo@example.com", "starter@example.com", "staff@example.com")
    seeded = await seed_demo(fresh)
    told = describe_demo(seeded.accounts, "http://localhost:8000")
    assert all(f"{email} / demo-password" in told for email in everybody)
    assert "http://localhost:8000/demo\n" in told
    async with demo_database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.email == everybody[1]).values(email="sam@example.org"))
    assert sorted((await seed_demo(fresh)).accounts) == [everybody[0], everybody[2]]
    assert everybody[1] not in describe_demo((everybody[0],), "http://localhost:8000")
    assert describe_demo((), "http://localhost:8000") == ""


async def test_the_demo_is_as_it_is_described(fresh: Settings, demo_database: Database) -> None:
    await seed_demo(fresh)
    async with demo_database.sessions() as session:
        found = await session.execute(sa.select(Organization.slug, Organization.name, Organization.plan))
        plans = {slug: (name, plan) for slug, name, plan in found}
        numbers = list(await session.scalars(sa.select(PhoneNumber.e164)))
        domains = list(await session.scalars(sa.select(EmbedToken.allowed_domains)))
    assert plans == {"acme": ("Acme Realty", "pro"), "starter-co": ("Starter Co", "starter")}
    assert numbers == ["+14155550100"]
    assert domains == [["localhost"]]


async def test_only_its_owner_can_read_the_stored_token(fresh: Settings) -> None:
    await seed_demo(fresh)
    files = [path for path in fresh.data_dir.rglob("*") if path.is_file()]
    assert files
    raw = read_demo_token(fresh)
    for path in files:
        if raw is not None and raw in path.read_text(errors="replace"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("kept", [None, "", "ept_nonsense\n", pytest.param(secrets.mint("ept_").raw, id="another")])
async def test_a_lost_token_is_replaced_and_the_old_one_revoked(
    fresh: Settings, demo_database: Database, kept: str | None
) -> None:
    await seed_demo(fresh)
    lost = read_demo_token(fresh)
    assert lost is not None
    [file] = [path for path in fresh.data_dir.rglob("*") if path.is_file() and lost in path.read_text(errors="replace")]
    file.unlink() if kept is None else file.write_text(kept)

    await seed_demo(fresh)

    new = read_demo_token(fresh)
    assert new is not None
    assert new not in (lost, kept)
    assert await tokens(demo_database) == {secrets.digest(lost): False, secrets.digest(new): True}


async def test_people_sign_in_to_the_demo_and_its_page_gets_a_phone(fresh: Settings, demo_app: Litestar) -> None:
    await seed_demo(fresh)
    raw = read_demo_token(fresh)
    transport = asgi_transport(demo_app)
    async with httpx.AsyncClient(transport=transport, base_url=PAGE) as browser:
        session = (await post_token(browser, raw, origins=[PAGE])).json()
        assert (session["caller_id"], session["organization"]) == ("+14155550100", "Acme Realty")
        assert (await post_token(browser, raw, origins=["https://www.mysite.com"])).status_code == 403
        await browser.get("/api/session")
        browser.headers[HEADER] = browser.cookies["csrftoken"]
        for email, plan in (("demo@example.com", "pro"), ("starter@example.com", "starter")):
            answer = await browser.post("/api/session", json={"email": email, "password": "demo-password"})
            assert answer.status_code == 201, answer.text
            mine = (await browser.get("/api/organizations")).json()["items"]
            assert [(place["plan"], place["role"]) for place in mine] == [(plan, "owner")]


async def test_a_database_with_other_organizations_is_not_changed(fresh: Settings, demo_database: Database) -> None:
    await Factory(demo_database, fresh).tenant()
    before = await row_counts(demo_database)
    assert not (await seed_demo(fresh)).created
    assert await row_counts(demo_database) == before
    assert read_demo_token(fresh) is None
