"""Imports the programs of ``tools/`` and ``bench/``, which are no packages."""

import importlib.util
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).resolve().parents[2]


def import_tool(name: str, folder: str = "tools") -> ModuleType:
    """The module ``<folder>/<name>.py``."""
    spec = importlib.util.spec_from_file_location(name, _ROOT / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
