"""The factory that the server's workers call."""

import os

from litestar import Litestar

from epoch.app import create_app
from kit.log import configure_logging
from kit.settings import load_settings


def create_asgi() -> Litestar:
    """The application for the settings in the environment."""
    settings = load_settings(os.environ)
    configure_logging(json=settings.is_production)
    return create_app(settings)
