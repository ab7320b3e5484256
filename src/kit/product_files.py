"""Finds the product's files other than packages under ``src``: the built frontend, the migrations, the kits' sources.

A wheel has them in a folder of this package, with the checkout's layout (``tools/build_hook.py``).
"""

from pathlib import Path

_IN_WHEEL = Path(__file__).resolve().with_name("installed")
IS_INSTALLED = _IN_WHEEL.is_dir()
"""True in an environment into which a wheel was installed."""
PRODUCT_FILES = _IN_WHEEL if IS_INSTALLED else Path(__file__).resolve().parents[2]
"""The folder that contains ``frontend/dist``, ``alembic.ini``, ``alembic`` and ``integrations``."""
BUILT_FRONTEND = PRODUCT_FILES / "frontend" / "dist"
