"""The factory with which a worker makes its ASGI application; it also sets up the process's log, metrics and traces."""

import atexit
import os

import msgspec
import structlog
from litestar import Litestar

from epoch.app import create_app
from epoch.metric_series import begin_series
from epoch.observability import start_observability
from epoch.observed_response import REQUEST_SECONDS
from epoch.process_role import ProcessRole
from kit.db.connections import share_connections
from kit.garbage_collection import freeze_present_objects, raise_collection_thresholds
from kit.log import configure_logging
from kit.settings import load_settings

log = structlog.get_logger("epoch.app")


def create_asgi(role: ProcessRole = ProcessRole.RUN) -> Litestar:
    """Make the application of ``role`` for the settings in the environment. Called once in a process."""
    settings = load_settings(os.environ)
    configure_logging(json=settings.is_production)
    begin_series()
    atexit.register(start_observability(settings))
    atexit.register(REQUEST_SECONDS.flush)
    application = create_app(settings, role=role)
    shares = share_connections(settings.database_connections)
    log.info("database_connections", bound=shares.total, **msgspec.structs.asdict(shares))
    # The application's objects live as long as the process: searching them for garbage took a fifth of a page's time.
    freeze_present_objects()
    raise_collection_thresholds()
    return application
