"""Fixture of the unit tests of ``kit``: the lines of the log, as production writes them."""

import io
from collections.abc import Iterator

import pytest
import structlog

from kit.log import configure_logging


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """The log's lines, as production writes them."""
    stream = io.StringIO()
    configure_logging(stream, json=True)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
