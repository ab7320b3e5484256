"""``make sbom`` writes a software bill of materials: every package of a release, with version, licence and hashes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.version import VERSION

ROOT = Path(__file__).resolve().parents[3]


def write(folder: Path) -> bytes:
    folder.mkdir()
    argv = [sys.executable, "-m", "tools.sbom", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return (folder / f"epoch_voice-{VERSION}.cdx.json").read_bytes()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("sbom") / "first")


def test_it_lists_the_packages_of_servers_and_of_browsers(written: bytes) -> None:
    bom: dict[str, Any] = json.loads(written)
    assert bom["bomFormat"] == "CycloneDX"
    assert bom["metadata"]["component"]["version"] == VERSION
    by_url = {component["purl"].rpartition("@")[0]: component for component in bom["components"]}
    assert {
        "pkg:pypi/litestar",
        "pkg:pypi/sentry-sdk",
        "pkg:npm/%40twilio/voice-sdk",
        "pkg:npm/chart.js",
    } <= by_url.keys()
    assert "pkg:pypi/pytest" not in by_url
    for component in bom["components"]:
        assert component["version"]
        assert component["licenses"]
        assert component["hashes"], component["purl"]


def test_the_same_commit_gives_the_same_bytes(written: bytes, tmp_path: Path) -> None:
    assert write(tmp_path / "second") == written
