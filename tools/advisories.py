"""Looks up published security advisories on the packages of the lock files, with pip-audit and ``npm audit``.

Both programs may report "no known vulnerabilities" when a source of advisories did not answer, and pip-audit skips
packages that its source does not know. This program reports *unknown* in these cases. Exit status: 0 no advisory is
known, 1 there are advisories, 3 unknown.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PIP_AUDIT = ROOT / ".cache" / "audit" / "bin" / "pip-audit"
NONE_KNOWN, ADVISORIES, UNKNOWN = 0, 1, 3
_SECONDS = 600
_PIP_OPTIONS = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")


class Finding(NamedTuple):
    """The result for one lock file."""

    status: int
    """``NONE_KNOWN``, ``ADVISORIES`` or ``UNKNOWN``."""
    lines: Sequence[str]


def read_pip_audit(output: str) -> Finding:
    """The finding of pip-audit's JSON, whatever its exit status was."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
        skipped = [package["name"] for package in packages if "skip_reason" in package]
        found = [
            f"{package['name']} {package['version']}: {advisory['id']}"
            for package in packages
            for advisory in package.get("vulns", ())
        ]
    except (ValueError, KeyError, TypeError):
        return Finding(UNKNOWN, ["unknown: could not reach the source of advisories"])
    if found:
        return Finding(ADVISORIES, found)
    if skipped or not packages:
        text = f"unknown: could not reach advisories on {len(skipped)} of {len(packages)} packages"
        return Finding(UNKNOWN, [text])
    return Finding(NONE_KNOWN, [f"none known for {len(packages)} packages"])


def read_npm_audit(output: str) -> Finding:
    """The finding of ``npm audit --json``, whatever its exit status was."""
    try:
        report = json.loads(output)
        found: dict[str, dict[str, Any]] = report["vulnerabilities"]
        count: int = report["metadata"]["dependencies"]["total"]
        lines = [f"{name} {entry['range']}: {entry['severity']}" for name, entry in found.items()]
    except (ValueError, KeyError, TypeError):
        return Finding(UNKNOWN, ["unknown: could not reach the source of advisories"])
    if lines:
        return Finding(ADVISORIES, lines)
    if not count:
        return Finding(UNKNOWN, ["unknown: no package was asked about"])
    return Finding(NONE_KNOWN, [f"none known for {count} packages"])


def total(findings: Sequence[Finding]) -> int:
    """The exit status: ``ADVISORIES`` if one finding has it, else ``UNKNOWN`` if one has it, else ``NONE_KNOWN``."""
    statuses = {finding.status for finding in findings}
    return next((status for status in (ADVISORIES, UNKNOWN) if status in statuses), NONE_KNOWN)


def ask_pip_audit(lock: Path) -> Finding:
    """Ask about the packages of a Python lock file."""
    return read_pip_audit(_run([str(PIP_AUDIT), "-r", str(lock), *_PIP_OPTIONS], ROOT))


def ask_npm(folder: Path) -> Finding:
    """Ask about the packages of a folder's lock, also development packages, because the bundle contains some."""
    return read_npm_audit(_run(["npm", "audit", "--package-lock-only", "--json"], folder))


def _run(argv: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a list made here, no shell
            argv, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def main() -> int:
    """Print a line for each lock file, or one for each advisory."""
    asked = {
        "requirements.lock": ask_pip_audit(ROOT / "requirements.lock"),
        "requirements-build.lock": ask_pip_audit(ROOT / "requirements-build.lock"),
        "requirements-observability.lock": ask_pip_audit(ROOT / "requirements-observability.lock"),
        "frontend/package-lock.json": ask_npm(ROOT / "frontend"),
    }
    for name, finding in asked.items():
        sys.stdout.writelines(f"{name}: {line}\n" for line in finding.lines)
    return total(list(asked.values()))


if __name__ == "__main__":
    sys.exit(main())
