"""Ids of requests: accepted from a proxy or created, in each log line of the request, and in a header of its answer."""

import re
from typing import Any

from structlog.contextvars import bind_contextvars

from kit.log import REQUEST_ID
from kit.random_digits import RandomDigits

HEADER = b"x-request-id"
# UUIDs, which HAProxy, Caddy and Envoy send, and nginx's 32 digits. Nothing else: an id is logged and sent back, and
# must not carry a phone number, a token or a line break.
_ID = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# UUIDs would cost more, and nobody reads parts of them.
_NEW_IDS = RandomDigits(32)


def begin_request(scope: Any) -> bytes:
    """The id of an HTTP request, from its header when that has the form of one; the task's log lines have it."""
    for name, value in scope["headers"]:
        if name == HEADER:
            given = value.lower()
            found = given.decode() if _ID.fullmatch(given) else _NEW_IDS.draw()
            break
    else:
        found = _NEW_IDS.draw()
    bind_contextvars(**{REQUEST_ID: found})
    return found.encode()
