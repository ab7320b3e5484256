"""Locks of single statements, and what they mean for workers of the older version."""

import pytest

from epoch.migration_locks import Blocker, lock_milliseconds
from epoch.migration_statements import (
    BESIDE_WRITES,
    EXCLUSIVE,
    ROWS,
    SHARED,
    SHARED_ROW,
    Serving,
    effects,
    split,
)
from kit.db.lock_limits import LOCK_MILLISECONDS, LOCK_MILLISECONDS_AGAINST_VACUUM


@pytest.mark.parametrize(
    ("statement", "table", "lock", "serving"),
    [
        ("ALTER TABLE call ADD COLUMN note TEXT", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call ADD COLUMN n INTEGER DEFAULT 0 NOT NULL", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call ADD COLUMN n INTEGER NOT NULL", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call ADD COLUMN k UUID DEFAULT gen_random_uuid()", "call", EXCLUSIVE, Serving.WAITING),
        ("ALTER TABLE call ADD COLUMN n TEXT CHECK (n <> '')", "call", EXCLUSIVE, Serving.WAITING),
        ("ALTER TABLE call ADD CONSTRAINT c CHECK (n > 0)", "call", EXCLUSIVE, Serving.WAITING),
        ("ALTER TABLE call ADD CONSTRAINT c CHECK (n > 0) NOT VALID", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call ADD CONSTRAINT f FOREIGN KEY(a) REFERENCES b (id)", "call", SHARED_ROW, Serving.WAITING),
        ("ALTER TABLE call ADD CONSTRAINT f FOREIGN KEY(a) REFERENCES b NOT VALID", "call", SHARED_ROW, Serving.BRIEF),
        ("ALTER TABLE call VALIDATE CONSTRAINT c", "call", BESIDE_WRITES, Serving.UNNOTICED),
        ("ALTER TABLE call DROP CONSTRAINT ck_call_n", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call DROP CONSTRAINT uq_call_n", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call DROP COLUMN note", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call RENAME note TO text", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call RENAME TO calls", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call RENAME TO call_before_2027_01", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call RENAME TO calls_before_2027_01", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call ATTACH PARTITION p FOR VALUES FROM (1) TO (2)", "call", BESIDE_WRITES, Serving.WAITING),
        ("ALTER TABLE call RENAME CONSTRAINT a TO b", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call ALTER COLUMN note SET NOT NULL", "call", EXCLUSIVE, Serving.BREAKING),
        ("ALTER TABLE call ALTER COLUMN note DROP NOT NULL", "call", EXCLUSIVE, Serving.BRIEF),
        ("ALTER TABLE call ALTER COLUMN note TYPE INTEGER", "call", EXCLUSIVE, Serving.BREAKING),
        ("CREATE INDEX i ON call (note)", "call", SHARED, Serving.WAITING),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON call (note)", "call", BESIDE_WRITES, Serving.UNNOTICED),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", "i", BESIDE_WRITES, Serving.UNNOTICED),
        ("DROP INDEX i", "i", EXCLUSIVE, Serving.BRIEF),
        ("DROP TABLE call", "call", EXCLUSIVE, Serving.BREAKING),
        ("CREATE TABLE n (id UUID, call_id UUID REFERENCES call (id))", "call", SHARED_ROW, Serving.BRIEF),
        ("CREATE TRIGGER t AFTER DELETE ON call EXECUTE FUNCTION f()", "call", SHARED_ROW, Serving.BREAKING),
        ("CREATE POLICY p ON call TO epoch_app USING (true)", "call", EXCLUSIVE, Serving.BRIEF),
        ("DROP POLICY p ON call", "call", EXCLUSIVE, Serving.BREAKING),
        ("REVOKE UPDATE ON call FROM epoch_app", "call", "", Serving.BREAKING),
        ("UPDATE call SET note = ''", "call", ROWS, Serving.WAITING),
        ("DO $$BEGIN PERFORM 1; END$$", "", "", Serving.BREAKING),
    ],
)
def test_a_statements_lock_and_effect(statement: str, table: str, lock: str, serving: Serving) -> None:
    (effect,) = effects(f"BEGIN;\n-- a comment; with a semicolon\n{statement};\nCOMMIT;", set())
    assert (effect.table, effect.lock, effect.serving) == (table, lock, serving)


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
    assert effects(script, set()) == []


def test_workers_wait_a_moment_for_a_table_that_is_partitioned() -> None:
    script = (
        "ALTER TABLE call RENAME TO call_before_2027_01; CREATE TABLE call (id UUID REFERENCES organization (id))"
        " PARTITION BY RANGE (id); DROP POLICY tenant ON call_before_2027_01;"
        " ALTER TABLE call ATTACH PARTITION call_before_2027_01 FOR VALUES FROM (MINVALUE) TO ('00')"
    )
    found = effects(script, set())
    assert {(effect.table, effect.lock) for effect in found} == {
        ("call", EXCLUSIVE),
        ("organization", SHARED_ROW),
        ("organization", EXCLUSIVE),
    }
    assert {effect.serving for effect in found} == {Serving.BRIEF}


def test_a_script_is_split_outside_of_texts_and_function_bodies() -> None:
    script = "SELECT 'a;b''c' ; CREATE FUNCTION f() AS $x$ a; $$ b $x$;\n-- it's\nSELECT\n  $1 - 2;"
    assert list(split(script)) == ["SELECT 'a;b''c'", "CREATE FUNCTION f() AS $x$ a; $$ b $x$", "SELECT $1 - 2"]


def _blocker(*, is_vacuum: bool) -> Blocker:
    return Blocker(process_id=7, user=None, application=None, state=None, seconds=None, is_vacuum=is_vacuum)


def test_an_automatic_vacuum_is_waited_for_until_postgresql_ends_it() -> None:
    assert lock_milliseconds([]) == LOCK_MILLISECONDS
    assert lock_milliseconds([_blocker(is_vacuum=False)]) == LOCK_MILLISECONDS
    assert lock_milliseconds([_blocker(is_vacuum=True)]) == LOCK_MILLISECONDS_AGAINST_VACUUM
    assert _blocker(is_vacuum=True).text == "the automatic vacuum 7"
    assert _blocker(is_vacuum=False).text == "session 7"
