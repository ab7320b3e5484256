"""Writes the software bill of materials of a release (CycloneDX).

It lists the Python packages that production installs, those of the extra for traces, and the npm packages in the files
for browsers, each with version, licence and hashes. The same commit gives the same bytes.
"""

import base64
import datetime as dt
import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Mapping
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from tools.licences import PYTHON_LOCKS, ROOT, Package, all_packages

_PINNED = re.compile(r"^(?P<name>[a-z0-9.-]+)==\S+.*?(?=^[a-z0-9]|\Z)", re.MULTILINE | re.DOTALL)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/epoch-voice")


def python_hashes(locks: str) -> dict[str, list[HashType]]:
    """The hashes of each package's files, by its name, in the text of lock files."""
    return {
        pin["name"]: [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in _HASH.findall(pin[0])]
        for pin in _PINNED.finditer(locks)
    }


def npm_hashes(lock: str) -> dict[tuple[str, str], list[HashType]]:
    """The hash of each package's archive, by name and version."""
    found = {}
    for path, entry in json.loads(lock)["packages"].items():
        algorithm, _, digest = entry.get("integrity", "").partition("-")
        if algorithm == "sha512":
            content = base64.b64decode(digest).hex()
            name = path.rpartition("node_modules/")[2]
            found[name, entry["version"]] = [HashType(alg=HashAlgorithm.SHA_512, content=content)]
    return found


def component_of(package: Package, hashes: list[HashType]) -> Component:
    """The entry of one package."""
    namespace, _, name = package.name.rpartition("/")
    url = PackageURL("pypi" if package.kind == "Python" else "npm", namespace or None, name, package.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        group=namespace or None,
        version=package.version,
        purl=url,
        bom_ref=url.to_string(),
        hashes=hashes,
        licenses=[LicenseFactory().make_from_string(package.licence)] if package.licence else (),
    )


def build_bom(version: str, environ: Mapping[str, str]) -> Bom:
    """The list of a release; its time is that of ``SOURCE_DATE_EPOCH``, or the oldest one there is."""
    by_name = python_hashes("".join((ROOT / name).read_text() for name in PYTHON_LOCKS))
    by_version = npm_hashes((ROOT / "frontend" / "package-lock.json").read_text())
    bom = Bom(
        components=[
            component_of(
                package,
                by_name[package.name]
                if package.kind == "Python"
                else by_version.get((package.name, package.version), []),
            )
            for package in all_packages()
        ],
        serial_number=uuid.uuid5(_NAMESPACE, version),
    )
    bom.metadata.timestamp = dt.datetime.fromtimestamp(int(environ.get("SOURCE_DATE_EPOCH", "0")), dt.UTC)
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION,
        name="epoch-voice",
        version=version,
        bom_ref=f"pkg:pypi/epoch-voice@{version}",
        purl=PackageURL("pypi", None, "epoch-voice", version),
    )
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def main() -> int:
    """Write ``<folder>/epoch_voice-<version>.cdx.json`` and print its name."""
    version = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
    bom = build_bom(version, os.environ)
    path = Path(sys.argv[1]) / f"epoch_voice-{version}.cdx.json"
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=1) + "\n")
    sys.stdout.write(f"{path}: {len(bom.components)} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
