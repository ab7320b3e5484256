"""The product's version, from pyproject.toml or the installed package."""

import importlib.metadata
import tomllib

from kit.product_files import IS_INSTALLED, PRODUCT_FILES


def _read_version() -> str:
    if IS_INSTALLED:
        return importlib.metadata.version("epoch-voice")
    # A checkout is not installed as a package: tools/setup only makes it importable.
    return str(tomllib.loads((PRODUCT_FILES / "pyproject.toml").read_text())["project"]["version"])


VERSION: str = _read_version()
