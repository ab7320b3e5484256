"""Makes a former release of the product for drills: a copy of this release, in which one file of the phone differs."""

import shutil
from pathlib import Path

import msgspec

from drills.processes import ROOT

PART = "panel"
FORMER_HASH = "FORMER00"


def make_former_release(folder: Path) -> Path:
    """Copy the product into ``folder``, give one chunk of the phone another hash in its name, and return the folder."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "alembic", folder / "alembic", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "integrations", folder / "integrations", ignore=shutil.ignore_patterns("node_modules"))
    for name in ("alembic.ini", "pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    built, dist = ROOT / "frontend" / "dist", folder / "frontend" / "dist"
    dist.mkdir(parents=True)
    manifest = msgspec.json.decode((built / "manifest.json").read_bytes(), type=dict[str, str])
    for name in manifest.values():
        for file in built.glob(f"{name}*"):
            shutil.copy(file, dist / file.name)
    current = manifest[f"{PART}.js"]
    former = f"{PART}-{FORMER_HASH}.js"
    for file in list(dist.glob(f"{current}*")):
        file.rename(dist / file.name.replace(current, former))
    script = dist / manifest["phone.js"]
    script.write_text(script.read_text().replace(current.removeprefix(f"{PART}-").removesuffix(".js"), FORMER_HASH))
    (dist / "manifest.json").write_bytes(msgspec.json.encode({**manifest, f"{PART}.js": former}))
    return folder
