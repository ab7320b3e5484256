"""Finds promtool, or unpacks Debian's package of Prometheus into the checkout, and runs it."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from support.debian import unpack
from support.locks import exclusive

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".cache" / "prometheus"
PATIENCE_SECONDS = 300
INSTALL_HINT = (
    "No promtool was found: set PROMTOOL to one, put it on PATH (on Debian: apt-get install prometheus), "
    "or let apt-get download Debian's package"
)


@cache
def find_promtool() -> Path:
    """The program. Fails the test when there is none."""
    if chosen := os.environ.get("PROMTOOL") or shutil.which("promtool"):
        return Path(chosen)
    with exclusive("prometheus"):
        if not UNPACKED.exists() and not unpack(("prometheus",), UNPACKED):
            pytest.fail(INSTALL_HINT, pytrace=False)
    return UNPACKED / "usr" / "bin" / "promtool"


def promtool(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool in ``folder``. ``stdout`` of the result also has its errors."""
    return subprocess.run(
        [str(find_promtool()), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
