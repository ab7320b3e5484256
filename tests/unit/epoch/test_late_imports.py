"""A worker starts without importing the back office and the migrations, because these imports make the start slower."""

import subprocess
import sys

import pytest

LATE_MODULES = ("sqladmin", "starlette", "wtforms", "admin.app", "alembic", "mako")
"""The back office comes with its first request, migrations with `epoch migrate`."""


@pytest.mark.slow
def test_a_worker_starts_without_them() -> None:
    probe = f"import sys, epoch.asgi; print(*[name for name in {LATE_MODULES} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []
