"""``make audit``: a package whose advisories could not be fetched counts as unknown, never as free of advisories."""

import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from support.tools import import_tool

ROOT = Path(__file__).resolve().parents[3]
SKIPPED = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI and could not be audited: jinja2 (2.4.1)"}
CLEAN = {"name": "idna", "version": "3.10", "vulns": []}
KNOWN = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}]}


@pytest.fixture(scope="module")
def advisories() -> ModuleType:
    return import_tool("advisories")


@pytest.mark.parametrize(
    ("output", "status", "line"),
    [
        # pip-audit 2.10.1 prints "No known vulnerabilities found" and ends with 0 for the first.
        ({"dependencies": [SKIPPED], "fixes": []}, 3, "unknown: could not reach advisories on 1 of 1 packages"),
        ({"dependencies": [CLEAN, SKIPPED]}, 3, "unknown: could not reach advisories on 1 of 2 packages"),
        ({"dependencies": []}, 3, "unknown: could not reach advisories on 0 of 0 packages"),
        ({"dependencies": [CLEAN]}, 0, "none known for 1 packages"),
        ({"dependencies": [CLEAN, KNOWN, SKIPPED]}, 1, "jinja2 2.4.1: PYSEC-2019-217"),
        ([], 3, "unknown: could not reach the source of advisories"),
        (None, 3, "unknown: could not reach the source of advisories"),
    ],
)
def test_what_pip_audit_skips_is_unknown(advisories: ModuleType, output: object, status: int, line: str) -> None:
    found = advisories.read_pip_audit("" if output is None else json.dumps(output))
    assert (found.status, list(found.lines)) == (status, [line])


@pytest.mark.parametrize(
    ("output", "status", "line"),
    [
        ({"message": "405 Method Not Allowed", "error": {}}, 3, "unknown: could not reach the source of advisories"),
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 0}}}, 3, "unknown: no package was asked about"),
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 371}}}, 0, "none known for 371 packages"),
        (
            {
                "vulnerabilities": {"lodash": {"severity": "high", "range": "<4.17.21"}},
                "metadata": {"dependencies": {"total": 1}},
            },
            1,
            "lodash <4.17.21: high",
        ),
    ],
)
def test_an_error_of_npm_is_unknown(advisories: ModuleType, output: object, status: int, line: str) -> None:
    found = advisories.read_npm_audit(json.dumps(output))
    assert (found.status, list(found.lines)) == (status, [line])


def test_npm_without_a_registry_is_unknown(advisories: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().startswith("npm_config_")]:
        monkeypatch.delenv(name)
    # Nothing listens on this port.
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    assert advisories.ask_npm(ROOT / "frontend").status == advisories.UNKNOWN


def test_a_missing_pip_audit_is_unknown(
    advisories: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(advisories, "PIP_AUDIT", tmp_path / "pip-audit")

    assert advisories.ask_pip_audit(ROOT / "requirements.lock").status == advisories.UNKNOWN


def test_an_advisory_outranks_what_is_unknown(advisories: ModuleType) -> None:
    def total(*statuses: int) -> int:
        status: int = advisories.total([advisories.Finding(status, ()) for status in statuses])
        return status

    assert [total(0, 0), total(0, 3), total(3, 1), total(1, 0)] == [0, 3, 1, 1]
