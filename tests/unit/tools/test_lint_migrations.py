"""``make migrations-lint``: migrations that make workers wait are refused, those by the rules pass."""

import os
from pathlib import Path
from types import ModuleType

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from epoch.migrations import alembic_config
from kit.product_files import PRODUCT_FILES
from support.tools import import_tool

REVISION = """
import sqlalchemy as sa
from alembic import op

from kit.db.migration_limits import create_index_concurrently

revision = "0123456789ab"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {body}


def downgrade() -> None:
    pass
"""


@pytest.fixture(scope="module")
def linter() -> ModuleType:
    return import_tool("lint_migrations")


def _lint(linter: ModuleType, folder: Path, body: str) -> list[str]:
    head = str(ScriptDirectory.from_config(alembic_config("")).get_current_head())
    (folder / "trial.py").write_text(REVISION.format(head=head, body=body))
    config = Config(PRODUCT_FILES / "alembic.ini")
    config.set_main_option(
        "version_locations", os.pathsep.join([str(PRODUCT_FILES / "alembic" / "versions"), str(folder)])
    )
    faults: list[str] = linter.lint(config, head, folder / "sql")
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
            "0123456789ab alters call, staff in one transaction",
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
