"""Ids of requests: accepted from a proxy or created, in each log line of the request, and in a header of its answer."""

import os
import re
from typing import Any

from structlog.contextvars import bind_contextvars

from kit.log import REQUEST_ID

HEADER = b"x-request-id"
# UUIDs, which HAProxy, Caddy and Envoy send, and nginx's 32 digits. Nothing else: an id is logged and sent back, and
# must not carry a phone number, a token or a line break.
_ID = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RANDOM_BYTES = 16


def begin_request(scope: Any) -> bytes:
    """The id of an HTTP request, from its header when that has the form of one; the task's log lines have it."""
    for name, value in scope["headers"]:
        if name == HEADER:
            found = value.lower() if _ID.fullmatch(value.lower()) else _new_id()
            break
    else:
        found = _new_id()
    bind_contextvars(**{REQUEST_ID: found.decode()})
    return bytes(found)


def _new_id() -> bytes:
    # A UUID would cost more, and nobody reads parts of it.
    return os.urandom(_RANDOM_BYTES).hex().encode()
