"""The commands ``run``, ``serve`` and ``jobs``, which run a supervisor until a signal stops it."""

import asyncio
import os
from collections.abc import Callable, Mapping

from epoch.process_role import ProcessRole
from epoch.server.sandbox_process import ensure_sandbox_installed, find_sandbox
from epoch.server.supervisor import Supervisor, listen
from kit.environment import SettingsError
from kit.settings import Settings, load_settings

_JOBS_ENVIRON = {"EPOCH_WORKERS": "1", "EPOCH_DRAIN_SECONDS": "0"}
"""One worker is enough, and no load balancer sends it requests that would have to be drained."""


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Run everything. Raises: SettingsError."""
    if settings.is_sandbox:
        ensure_sandbox_installed()
    listener = listen(settings)
    asyncio.run(Supervisor(settings, os.environ, say).run(listener))


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Answer requests alone. Raises: SettingsError, OlderDatabase, NewerDatabase."""
    _run_supervisor(ProcessRole.SERVE, settings, os.environ, say)


def run_jobs(say: Callable[[str], None]) -> None:
    """Run jobs alone, and answer health checks. Raises: SettingsError, OlderDatabase, NewerDatabase."""
    environ = {**os.environ, **_JOBS_ENVIRON}
    _run_supervisor(ProcessRole.JOBS, load_settings(environ), environ, say)


def _run_supervisor(
    role: ProcessRole, settings: Settings, environ: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Start workers that use an existing database with this version's schema, and a carrier that runs already."""
    if settings.owner_url is None:
        raise SettingsError(
            f"EPOCH_DATABASE_URL is not set: `epoch {role}` starts no database, only `epoch run` does, for development"
        )
    found = asyncio.run(find_sandbox(settings)) if settings.is_sandbox else settings
    if found is None:
        raise SettingsError(
            f"EPOCH_CARRIER is sandbox, and no sandbox carrier runs: `epoch {role}` starts none;"
            " use `epoch run`, or set EPOCH_CARRIER=twilio"
        )
    asyncio.run(Supervisor(found, environ, say, role).run(listen(found)))
