"""Ids of requests: taken from a proxy's header or created, and added to the request's log lines."""

import re
from typing import Any

from structlog.contextvars import bind_contextvars

from kit.log import REQUEST_ID
from kit.random_digits import RandomDigits

HEADER = b"x-request-id"
# UUIDs, which HAProxy, Caddy and Envoy send, and nginx's 32 digits. Nothing else: an id is logged and sent back, and
# must not carry a phone number, a token or a line break.
_ID = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Cheaper than UUIDs, whose structure is not needed here.
_NEW_IDS = RandomDigits(32)


def begin_request(scope: Any) -> bytes:
    """The id of an HTTP request: its header's if that is valid, else a new one. Binds it to the task's log lines."""
    for name, value in scope["headers"]:
        if name == HEADER:
            given = value.lower()
            found = given.decode() if _ID.fullmatch(given) else _NEW_IDS.draw()
            break
    else:
        found = _NEW_IDS.draw()
    bind_contextvars(**{REQUEST_ID: found})
    return found.encode()
