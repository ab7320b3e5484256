"""Makes a migration that exists only in a test and follows the newest one."""

import os
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from epoch.migrations import alembic_config
from kit.product_files import PRODUCT_FILES

TRIAL_REVISION = "0123456789ab"
_FILE = """
import sqlalchemy as sa
from alembic import op

from kit.db.migration_steps import create_index_concurrently

revision = "{revision}"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {body}


def downgrade() -> None:
    pass
"""


def newest_revision() -> str:
    """The revision of this version's schema."""
    return str(ScriptDirectory.from_config(alembic_config("")).get_current_head())


def with_trial_migration(folder: Path, body: str) -> Config:
    """Alembic's configuration with one more migration, in ``folder``, whose upgrade runs the line ``body``."""
    text = _FILE.format(revision=TRIAL_REVISION, head=newest_revision(), body=body)
    (folder / "trial.py").write_text(text)
    config = Config(PRODUCT_FILES / "alembic.ini")
    locations = [str(PRODUCT_FILES / "alembic" / "versions"), str(folder)]
    config.set_main_option("version_locations", os.pathsep.join(locations))
    return config
