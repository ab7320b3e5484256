"""Installs the npm package of the phone from its tarball, and bundles its sample applications."""

import shutil
import subprocess
from pathlib import Path

from support.browser.guide import bundle

PACKAGE = Path(__file__).resolve().parents[3] / "packages/phone-js"
ENTRIES = {"react": "main.jsx", "vue": "main.js", "plain": "main.js"}
"""The start module of each sample application, by folder."""
# The bundler takes React and Vue from the frontend's packages.
_INSTALL = ("npm", "install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", "--ignore-scripts")


def install_samples(folder: Path) -> None:
    """Build the package, and install its tarball beside copies of the sample applications in ``folder``."""
    subprocess.run(["node", PACKAGE / "build.mjs", folder], check=True)
    shutil.copytree(PACKAGE / "samples", folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    [tarball] = folder.glob("*.tgz")
    subprocess.run([*_INSTALL, f"./{tarball.name}"], cwd=folder, check=True)


async def bundle_sample(folder: Path, name: str) -> str:
    """The script of the sample application ``name`` in ``folder``."""
    return await bundle(folder / name / ENTRIES[name])
