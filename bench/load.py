"""Runs the load generator of the exchange benchmark: wrk where it is installed, else ``generator.py``."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
HERE = Path(__file__).resolve().parent
_GRACE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """Results of one load run."""

    requests: int
    seconds: float
    p50: float
    """Seconds, like ``p99``."""
    p99: float
    refused: int
    """Responses with a status other than 2xx."""
    broken: int
    """Requests without a complete response."""


def name_of_generator() -> str:
    """Name of the generator in use."""
    return "wrk" if shutil.which("wrk") else "bench/generator.py (wrk is not installed)"


def generate(port: int, visitors: Path, seconds: int) -> Load:
    """Keep 16 connections to ``port`` busy for ``seconds`` with exchanges of random ``visitors``."""
    where = f"http://127.0.0.1:{port}"
    if wrk := shutil.which("wrk"):
        argv = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"]
        argv += ["-s", str(HERE / "wrk.lua"), where, "--", str(visitors)]
    else:
        argv = [sys.executable, str(HERE / "generator.py"), str(port), str(visitors), str(CONNECTIONS), str(seconds)]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + _GRACE_SECONDS, check=True)
    found = re.search(r"^RESULT (.*)$", finished.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the load generator said nothing: {finished.stdout}{finished.stderr}")
    return Load(**json.loads(found[1]))
