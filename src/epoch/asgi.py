"""The factory that the server's workers call."""

import gc
import os

from litestar import Litestar

from epoch.app import create_app
from kit.log import configure_logging
from kit.settings import load_settings

COLLECT_AFTER = (10_000, 20, 50)
"""Allocations, and younger collections, between two collections: a page alone allocates thousands of objects."""


def create_asgi() -> Litestar:
    """The application for the settings in the environment; from now on this process is its own."""
    settings = load_settings(os.environ)
    configure_logging(json=settings.is_production)
    application = create_app(settings)
    # What the application is made of stays: walking through it again and again took a fifth of a page's time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    return application
