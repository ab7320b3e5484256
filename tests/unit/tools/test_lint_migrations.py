"""``make migrations-lint`` refuses migrations that make workers wait, and accepts those that follow the rules."""

from pathlib import Path
from types import ModuleType

import pytest

from support.tools import import_tool
from support.trial_migration import TRIAL_REVISION, newest_revision, with_trial_migration

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def linter() -> ModuleType:
    return import_tool("lint_migrations")


def _lint(linter: ModuleType, folder: Path, body: str) -> list[str]:
    config = with_trial_migration(folder, body)
    faults: list[str] = linter.lint(config, newest_revision(), folder / "sql")
    return faults


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('op.create_index("ix_call_note", "call", ["identity"])', "require-concurrent-index-creation"),
        ('op.create_check_constraint("ck_call_n", "call", "limit_minutes > 0")', "constraint-missing-not-valid"),
        ('op.drop_column("call", "identity")', "ban-drop-column"),
        ('op.rename_table("call", "calls")', "renaming-table"),
        ('op.alter_column("call", "identity", new_column_name="person")', "renaming-column"),
        ('op.add_column("call", sa.Column("n", sa.Text(), nullable=False))', "adding-required-field"),
        (
            'op.add_column("call", sa.Column("n", sa.Text())); op.add_column("staff", sa.Column("n", sa.Text()))',
            f"{TRIAL_REVISION} alters call, staff in one transaction",
        ),
    ],
)
def test_a_migration_against_the_rules_is_refused(linter: ModuleType, tmp_path: Path, body: str, rule: str) -> None:
    assert any(rule in fault for fault in _lint(linter, tmp_path, body))


@pytest.mark.parametrize(
    "body",
    [
        'op.add_column("call", sa.Column("n", sa.Text(), nullable=True))',
        'op.add_column("call", sa.Column("n", sa.Boolean(), server_default=sa.false(), nullable=False))',
        'op.create_check_constraint("ck_call_n", "call", "limit_minutes > 0", postgresql_not_valid=True)',
        'op.execute("ALTER TABLE call VALIDATE CONSTRAINT ck_call_n")',
        'op.create_table("n", *(sa.Column(t, sa.Uuid(), sa.ForeignKey(f"{t}.id")) for t in ("organization", "staff")))',
        'create_index_concurrently("ix_call_note", "call", ["organization_id", sa.text("id DESC")])',
        'op.execute("-- squawk-ignore ban-drop-column\\nALTER TABLE call DROP COLUMN identity")',
    ],
)
def test_a_migration_by_the_rules_passes(linter: ModuleType, tmp_path: Path, body: str) -> None:
    assert _lint(linter, tmp_path, body) == []
