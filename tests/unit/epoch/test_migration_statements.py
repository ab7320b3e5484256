"""The lock that each statement of a migration takes, its impact on workers of the older version, and lock time-outs."""

import pytest

from epoch.migration_locks import Blocker, lock_milliseconds
from epoch.migration_statements import (
    ACCESS_EXCLUSIVE,
    ROW_EXCLUSIVE,
    SHARE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    WorkerImpact,
    find_effects,
    split_statements,
)
from kit.db.lock_limits import LOCK_MILLISECONDS, LOCK_MILLISECONDS_AGAINST_VACUUM


@pytest.mark.parametrize(
    ("statement", "table", "lock", "impact"),
    [
        ("ALTER TABLE call ADD COLUMN note TEXT", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("ALTER TABLE call ADD COLUMN n INTEGER DEFAULT 0 NOT NULL", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("ALTER TABLE call ADD COLUMN n INTEGER NOT NULL", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        (
            "ALTER TABLE call ADD COLUMN k UUID DEFAULT gen_random_uuid()",
            "call",
            ACCESS_EXCLUSIVE,
            WorkerImpact.WAITING,
        ),
        ("ALTER TABLE call ADD COLUMN n TEXT CHECK (n <> '')", "call", ACCESS_EXCLUSIVE, WorkerImpact.WAITING),
        ("ALTER TABLE call ADD CONSTRAINT c CHECK (n > 0)", "call", ACCESS_EXCLUSIVE, WorkerImpact.WAITING),
        ("ALTER TABLE call ADD CONSTRAINT c CHECK (n > 0) NOT VALID", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        (
            "ALTER TABLE call ADD CONSTRAINT f FOREIGN KEY(a) REFERENCES b (id)",
            "call",
            SHARE_ROW_EXCLUSIVE,
            WorkerImpact.WAITING,
        ),
        (
            "ALTER TABLE call ADD CONSTRAINT f FOREIGN KEY(a) REFERENCES b NOT VALID",
            "call",
            SHARE_ROW_EXCLUSIVE,
            WorkerImpact.BRIEF,
        ),
        ("ALTER TABLE call VALIDATE CONSTRAINT c", "call", SHARE_UPDATE_EXCLUSIVE, WorkerImpact.UNNOTICED),
        ("ALTER TABLE call DROP CONSTRAINT ck_call_n", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("ALTER TABLE call DROP CONSTRAINT uq_call_n", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("ALTER TABLE call DROP COLUMN note", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("ALTER TABLE call RENAME note TO text", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("ALTER TABLE call RENAME TO calls", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("ALTER TABLE call RENAME TO call_before_2027_01", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("ALTER TABLE call RENAME TO calls_before_2027_01", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        (
            "ALTER TABLE call ATTACH PARTITION p FOR VALUES FROM (1) TO (2)",
            "call",
            SHARE_UPDATE_EXCLUSIVE,
            WorkerImpact.WAITING,
        ),
        ("ALTER TABLE call RENAME CONSTRAINT a TO b", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("ALTER TABLE call ALTER COLUMN note SET NOT NULL", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("ALTER TABLE call ALTER COLUMN note DROP NOT NULL", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("ALTER TABLE call ALTER COLUMN note TYPE INTEGER", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("CREATE INDEX i ON call (note)", "call", SHARE, WorkerImpact.WAITING),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON call (note)", "call", SHARE_UPDATE_EXCLUSIVE, WorkerImpact.UNNOTICED),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", "i", SHARE_UPDATE_EXCLUSIVE, WorkerImpact.UNNOTICED),
        ("DROP INDEX i", "i", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("DROP TABLE call", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        (
            "CREATE TABLE n (id UUID, call_id UUID REFERENCES call (id))",
            "call",
            SHARE_ROW_EXCLUSIVE,
            WorkerImpact.BRIEF,
        ),
        (
            "CREATE TRIGGER t AFTER DELETE ON call EXECUTE FUNCTION f()",
            "call",
            SHARE_ROW_EXCLUSIVE,
            WorkerImpact.BREAKING,
        ),
        ("CREATE POLICY p ON call TO epoch_app USING (true)", "call", ACCESS_EXCLUSIVE, WorkerImpact.BRIEF),
        ("DROP POLICY p ON call", "call", ACCESS_EXCLUSIVE, WorkerImpact.BREAKING),
        ("REVOKE UPDATE ON call FROM epoch_app", "call", "", WorkerImpact.BREAKING),
        ("UPDATE call SET note = ''", "call", ROW_EXCLUSIVE, WorkerImpact.WAITING),
        ("DO $$BEGIN PERFORM 1; END$$", "", "", WorkerImpact.BREAKING),
    ],
)
def test_a_statements_lock_and_effect(statement: str, table: str, lock: str, impact: WorkerImpact) -> None:
    (effect,) = find_effects(f"BEGIN;\n-- a comment; with a semicolon\n{statement};\nCOMMIT;", set())
    assert (effect.table, effect.lock, effect.impact) == (table, lock, impact)


@pytest.mark.parametrize(
    "script",
    [
        "GRANT SELECT (note) ON call TO epoch_lookup;",
        "CREATE FUNCTION f() RETURNS int AS $$SELECT 1; SELECT 2$$; REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;",
        "CREATE TABLE fresh (id UUID); CREATE INDEX i ON fresh (id); ALTER TABLE fresh ENABLE ROW LEVEL SECURITY;",
        "UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = 'a';",
    ],
)
def test_statements_that_no_worker_notices(script: str) -> None:
    assert find_effects(script, set()) == []


def test_workers_wait_a_moment_for_a_table_that_is_partitioned() -> None:
    script = (
        "ALTER TABLE call RENAME TO call_before_2027_01; CREATE TABLE call (id UUID REFERENCES organization (id))"
        " PARTITION BY RANGE (id); DROP POLICY tenant ON call_before_2027_01;"
        " ALTER TABLE call ATTACH PARTITION call_before_2027_01 FOR VALUES FROM (MINVALUE) TO ('00')"
    )
    found = find_effects(script, set())
    assert {(effect.table, effect.lock) for effect in found} == {
        ("call", ACCESS_EXCLUSIVE),
        ("organization", SHARE_ROW_EXCLUSIVE),
        ("organization", ACCESS_EXCLUSIVE),
    }
    assert {effect.impact for effect in found} == {WorkerImpact.BRIEF}


def test_a_script_is_split_outside_of_texts_and_function_bodies() -> None:
    script = "SELECT 'a;b''c' ; CREATE FUNCTION f() AS $x$ a; $$ b $x$;\n-- it's\nSELECT\n  $1 - 2;"
    assert list(split_statements(script)) == [
        "SELECT 'a;b''c'",
        "CREATE FUNCTION f() AS $x$ a; $$ b $x$",
        "SELECT $1 - 2",
    ]


def _blocker(*, is_vacuum: bool) -> Blocker:
    return Blocker(process_id=7, user=None, application=None, state=None, seconds=None, is_vacuum=is_vacuum)


def test_an_automatic_vacuum_is_waited_for_until_postgresql_ends_it() -> None:
    assert lock_milliseconds([]) == LOCK_MILLISECONDS
    assert lock_milliseconds([_blocker(is_vacuum=False)]) == LOCK_MILLISECONDS
    assert lock_milliseconds([_blocker(is_vacuum=True)]) == LOCK_MILLISECONDS_AGAINST_VACUUM
    assert _blocker(is_vacuum=True).text == "the automatic vacuum 7"
    assert _blocker(is_vacuum=False).text == "session 7"
