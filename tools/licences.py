"""Checks that the licences of all packages that production installs or sends to browsers are allowed; prints them.

Python packages are those of ``requirements.lock`` and ``requirements-observability.lock``, by the metadata of the
environment that runs this; npm packages are those in the built third-party notices, by ``frontend/package-lock.json``.
"""

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "MIT": "permissive",
    "MIT-0": "permissive",
    "ISC": "permissive",
    "0BSD": "permissive",
    "BSD-2-Clause": "permissive",
    "BSD-3-Clause": "permissive",
    "Apache-2.0": "permissive; its notices are kept",
    "PSF-2.0": "permissive; Python's own",
    "Unlicense": "public domain",
    "MPL-2.0": "weak copyleft by file: the packages are used unchanged",
}
"""The licences that a package may have, each with the reason."""
PYTHON_LOCKS = ("requirements.lock", "requirements-observability.lock")
"""The locks of production: that of the product, and that with the extra for traces and error reports."""
_SPDX = {
    "MIT License": "MIT",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "BSD": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD-0-Clause": "0BSD",
    "BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""SPDX identifiers by the names in older metadata. Any other name stays as it is, and so is not allowed."""
_BY_PACKAGE = {"python-dateutil": "Apache-2.0 OR BSD-3-Clause"}
"""Licences of packages whose metadata do not name them; from their LICENSE files."""
_PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^\s;]+)(?P<marker> ;)?", re.MULTILINE)
_NOTICE = re.compile(r"^-{20,}\n\n(?P<name>(?:@[\w.-]+/)?[\w.-]+) (?P<version>\d\S*)$", re.MULTILINE)


class Package(NamedTuple):
    """One package and its licence."""

    kind: str
    """``Python`` or ``npm``."""
    name: str
    version: str
    licence: str
    """An SPDX expression, or the metadata's text if it is not known; empty without one."""


def python_packages(lock: str) -> Iterator[Package]:
    """The packages of a lock file; those for other platforms are not installed and are left out.

    Raises: PackageNotFoundError, when one without a platform marker is not installed.
    """
    for pin in _PIN.finditer(lock):
        try:
            metadata = importlib.metadata.metadata(pin["name"])
        except importlib.metadata.PackageNotFoundError:
            if pin["marker"]:
                continue
            raise
        named = [text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier") or () if "License ::" in text]
        classifiers = [_spdx(name) for name in named]
        field = str((metadata.get_all("License-Expression") or metadata.get_all("License") or [""])[0])
        # Some packages have the whole licence text in the field, and its name in their classifiers.
        is_name = 0 < len(field) <= 60 or not classifiers
        licences = [_spdx(field.partition("\n")[0].strip())] if is_name else classifiers
        # The field may name one choice where a classifier names a stricter licence.
        licences += [name for name in classifiers if not is_allowed(name)]
        licence = _BY_PACKAGE.get(pin["name"]) or " AND ".join(dict.fromkeys(licences))
        yield Package("Python", pin["name"], pin["version"], licence)


def npm_packages(notices: str, lock: str) -> Iterator[Package]:
    """The packages whose code is in the files that browsers load."""
    locked = json.loads(lock)["packages"]
    for notice in _NOTICE.finditer(notices):
        name, version = notice["name"], notice["version"]
        found = [
            entry
            for path, entry in locked.items()
            if path.endswith(f"node_modules/{name}") and entry["version"] == version
        ]
        yield Package("npm", name, version, _spdx(str(found[0].get("license", ""))) if found else "")


def is_allowed(expression: str) -> bool:
    """True when the SPDX expression is satisfied by allowed licences."""
    plain = expression.strip().removeprefix("(").removesuffix(")")
    if " AND " in plain:
        return all(map(is_allowed, plain.split(" AND ")))
    return any(choice.strip(" ()") in ALLOWED for choice in plain.split(" OR "))


def all_packages() -> list[Package]:
    """The packages of production and of the files for browsers."""
    notices = (ROOT / "frontend" / "dist" / "third-party-notices.txt").read_text()
    frontend_lock = (ROOT / "frontend" / "package-lock.json").read_text()
    python = [package for name in PYTHON_LOCKS for package in python_packages((ROOT / name).read_text())]
    return [*dict.fromkeys(python), *npm_packages(notices, frontend_lock)]


def _spdx(name: str) -> str:
    return _SPDX.get(name, name)


def main() -> int:
    """Print each package with its licence; return 1 when one is not allowed."""
    packages = all_packages()
    refused = [package for package in packages if not is_allowed(package.licence)]
    for package in packages:
        mark = "NO  " if package in refused else "ok  "
        sys.stdout.write(f"{mark}{package.kind:<7}{package.name} {package.version}: {package.licence or 'none'}\n")
    for package in refused:
        sys.stderr.write(f"licences: {package.name} has {package.licence or 'no licence'}, which is not allowed\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
