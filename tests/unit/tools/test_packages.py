"""The packages for customers' programs (``packages``) have the product's version, and no built file is committed."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from kit.version import VERSION

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = sorted(folder for folder in (ROOT / "packages").iterdir() if folder.is_dir())


def version_of(package: Path) -> str:
    """The version in the package's own manifest."""
    manifest = package / "package.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text())["version"])
    return str(tomllib.loads((package / "pyproject.toml").read_text())["project"]["version"])


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_has_the_products_version(package: Path) -> None:
    assert version_of(package) == VERSION


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_is_explained_and_not_published(package: Path) -> None:
    assert (package / "README.md").read_text().startswith("# ")
    manifest = package / "package.json"
    if manifest.exists():
        assert json.loads(manifest.read_text())["private"] is True
    else:
        classifiers = tomllib.loads((package / "pyproject.toml").read_text())["project"]["classifiers"]
        assert "Private :: Do Not Upload" in classifiers


def test_git_ignores_what_the_build_writes() -> None:
    built = ["packages/phone-js/dist/index.js", "packages/phone-js/src/phone-types.d.ts"]
    ignored = subprocess.run(["git", "check-ignore", *built], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == built
