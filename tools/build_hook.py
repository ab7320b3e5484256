"""Hatchling's build hook: adds the built frontend, the migrations and the kits' sources to the wheel.

In a checkout, ``tools/setup widget`` first brings ``frontend/dist`` up to date. A source distribution has the built
files instead of the frontend's sources, so that a wheel can be built from it without Node.js.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSTALLED_FOLDER = "kit/installed"
"""The folder in which ``src/kit/product_files.py`` finds the files. Paths in it are those of the checkout."""
SOURCES = ("alembic.ini", "alembic", "integrations")
DIST = "frontend/dist"
COMPRESSED = (".gz", ".br")


class ProductFiles(BuildHookInterface[Any]):
    """The hook that ``pyproject.toml`` names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable installation reads them from the checkout."""
        if version == "editable":
            return
        root = Path(self.root)
        if (root / "tools" / "setup").exists():
            subprocess.run(["./tools/setup", "widget"], cwd=root, check=True)
        is_wheel = self.target_name == "wheel"
        names = [*built_files(root / DIST), *(SOURCES if is_wheel else ())]
        folder = f"{INSTALLED_FOLDER}/" if is_wheel else ""
        build_data["force_include"].update({str(root / name): f"{folder}{name}" for name in names})


def built_files(dist: Path) -> Iterator[str]:
    """The paths of the last build's files; the folder may have files of earlier builds. Raises: FileNotFoundError."""
    manifest = dist / "manifest.json"
    yield f"{DIST}/manifest.json"
    for name in sorted(json.loads(manifest.read_text()).values()):
        yield f"{DIST}/{name}"
        yield from (f"{DIST}/{name}{suffix}" for suffix in COMPRESSED if (dist / f"{name}{suffix}").exists())
