"""Checks before serving: row-level security, grants and roles are complete, and a transaction pooler is declared."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from epoch.cli.doctor import run_checks
from epoch.pooler_check import ensure_pooler_is_declared
from epoch.tenant_isolation import TenantIsolation, ensure_isolation, expected_isolation, find_gaps
from kit.db.connector import Connector
from kit.environment import SettingsError
from kit.settings import Settings
from support.pgbouncer import running_pgbouncer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture(scope="module")
async def expected() -> TenantIsolation:
    return await asyncio.to_thread(expected_isolation)


@pytest.fixture
async def walled_settings(settings: Settings, new_migrated_database: Callable[[], str]) -> Settings:
    """Settings with a migrated database that the test may change."""
    return msgspec.structs.replace(settings, database_url=new_migrated_database())


async def _execute(settings: Settings, statement: str) -> None:
    assert settings.database_url is not None
    connection = await Connector(settings.database_url).open(None, seconds=10)
    await connection.execute(statement)
    await connection.close()


async def test_a_migrated_database_has_exactly_what_the_migrations_create(
    settings: Settings, expected: TenantIsolation
) -> None:
    assert len(expected.policies) > 60
    assert len(expected.secured) > 15
    assert settings.database_url is not None
    connection = await Connector(settings.database_url).open(None, seconds=10)
    assert await find_gaps(connection, expected) == []
    await connection.close()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE call DISABLE ROW LEVEL SECURITY", "row-level security of call"),
        ("ALTER TABLE call NO FORCE ROW LEVEL SECURITY", "row-level security of call"),
        ("DROP POLICY tenant ON embed_token", "policy tenant of embed_token is missing"),
        ("CREATE POLICY open ON call TO epoch_app USING (true)", "policy open of call is not ours"),
        ("ALTER POLICY tenant ON call USING (true) WITH CHECK (true)", "policy tenant of call differs"),
        ("GRANT SELECT ON user_account TO epoch_lookup", "grant on user_account to epoch_lookup is not ours"),
        ("GRANT SELECT ON user_account TO PUBLIC", "grant on user_account to"),
        ("REVOKE INSERT ON call FROM epoch_app", "grant on call to epoch_app differs"),
    ],
)
async def test_each_gap_is_named_and_keeps_production_from_serving(
    walled_settings: Settings, expected: TenantIsolation, change: str, named: str
) -> None:
    await ensure_isolation(walled_settings, expected)
    await _execute(walled_settings, change)
    with pytest.raises(SettingsError, match=r"does not keep organizations apart .*run `epoch migrate`") as error:
        await ensure_isolation(walled_settings, expected)
    assert named in str(error.value)


async def test_a_restore_without_policies_is_a_finding_of_doctor(walled_settings: Settings) -> None:
    await _execute(
        walled_settings,
        "DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname, tablename FROM pg_policies"
        " WHERE schemaname = 'public' LOOP EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename);"
        " END LOOP; END $$",
    )
    findings = {finding.part: finding for finding in await run_checks(walled_settings)}
    assert not findings["tenant isolation"].ok
    assert "is missing" in findings["tenant isolation"].detail
    assert "epoch migrate" in findings["tenant isolation"].detail


async def test_a_pooler_of_transactions_that_is_not_declared_is_refused(settings: Settings) -> None:
    assert settings.database_url is not None
    await ensure_pooler_is_declared(settings)
    direct = settings.database_url
    with (
        running_pgbouncer(direct, mode="transaction") as pooler,
        running_pgbouncer(direct, mode="session") as sessions,
    ):
        await ensure_pooler_is_declared(msgspec.structs.replace(settings, database_url=sessions.url))
        pooled = msgspec.structs.replace(settings, database_url=pooler.url)
        with pytest.raises(SettingsError, match=r"EPOCH_DATABASE_URL goes .*EPOCH_DATABASE_POOLER=transaction"):
            await ensure_pooler_is_declared(pooled)
        declared = msgspec.structs.replace(pooled, database_pooler="transaction", database_direct_url=direct)
        await ensure_pooler_is_declared(declared)
        with pytest.raises(SettingsError, match="EPOCH_DATABASE_DIRECT_URL goes"):
            await ensure_pooler_is_declared(msgspec.structs.replace(declared, database_direct_url=pooler.url))
