"""Production mode refuses to start on a database that holds the demo account."""

from collections.abc import Callable
from pathlib import Path

import pytest

from epoch.cli.seed import ensure_no_demo, seed_demo
from kit.environment import SettingsError
from kit.settings import Settings, load_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def empty_database_url(new_migrated_database: Callable[[], str]) -> str:
    """A migrated database without a row."""
    return new_migrated_database()


def _settings(database_url: str, data_dir: Path) -> Settings:
    return load_settings({"EPOCH_DATABASE_URL": database_url, "EPOCH_DATA_DIR": str(data_dir)})


async def test_a_database_with_the_demo_account_is_refused_by_the_accounts_name(
    empty_database_url: str, tmp_path: Path
) -> None:
    settings = _settings(empty_database_url, tmp_path)
    await ensure_no_demo(settings)
    await seed_demo(settings)
    with pytest.raises(SettingsError, match=r"EPOCH_DATABASE_URL holds the demo account .*@example\.com"):
        await ensure_no_demo(settings)
