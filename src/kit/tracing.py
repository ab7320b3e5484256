"""Tracing spans of requests, of jobs and of requests to the carrier. Without a tracer, the default, there are no spans.

A span has names, numbers, ids and classes of errors. It has no path, query, header, body or error message, which may
contain phone numbers and tokens.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from structlog.contextvars import get_contextvars

from kit.log import CONTEXT_IDS

Attributes = Mapping[str, str | int]


class OpenSpan(Protocol):
    """A span that has begun; spans that begin before its end in the same task are its children."""

    def end(self, attributes: Attributes, *, error: str | None = None) -> None:
        """End the span; ``error`` is the class of the error that ended it."""
        ...


class Tracer(Protocol):
    """Makes spans and sends them."""

    def begin(self, name: str, kind: str, *, parent: str | None = None) -> OpenSpan:
        """Begin a span; ``kind`` is ``server``, ``client`` or ``consumer``, ``parent`` a W3C ``traceparent`` header."""
        ...

    def close(self) -> None:
        """Send the spans that have ended, and stop."""
        ...


class Tracing:
    """The tracer of this process, or none."""

    def __init__(self) -> None:
        self.tracer: Tracer | None = None

    def begin(self, name: str, kind: str, *, parent: str | None = None) -> OpenSpan | None:
        """Begin a span; None without a tracer."""
        return None if self.tracer is None else self.tracer.begin(name, kind, parent=parent)

    @contextmanager
    def span(self, name: str, kind: str) -> Iterator[dict[str, str | int]]:
        """A span around the ``with`` block, which adds attributes to the dictionary that it gets."""
        attributes: dict[str, str | int] = {}
        span = self.begin(name, kind)
        error = None
        try:
            yield attributes
        except (Exception, asyncio.CancelledError) as raised:
            error = type(raised).__name__
            raise
        finally:
            if span is not None:
                span.end({**attributes, **context_ids()}, error=error)


def context_ids() -> dict[str, str | int]:
    """The ids of the task's log lines, as attributes."""
    found = get_contextvars()
    return {f"epoch.{key}": found[key] for key in CONTEXT_IDS if key in found}


TRACING = Tracing()
"""The tracing of this process."""
