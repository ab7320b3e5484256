"""A folder that the database server's user may enter."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest closes its own, and under root the database server is not root."""
    folder = Path(tempfile.mkdtemp(prefix="epoch-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
