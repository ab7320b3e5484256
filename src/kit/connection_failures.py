"""Describes in plain words why a connection to another server failed, without names and addresses."""

import errno
import socket
import ssl
from collections.abc import Iterator

_NO_ROUTE = "the network does not lead to it"
_NO_ROUTE_ERRORS = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)
_BROKEN_CONNECTION_ERRORS = frozenset(
    {"ReadError", "WriteError", "CloseError", "RemoteProtocolError", "LocalProtocolError"}
)
"""Errors of httpx and httpcore, by name: this module is also used where those libraries are not loaded."""
_CLAUSE_BY_SQLSTATE_CLASS = {
    "28": "it refuses the login",
    "3D": "it has no such database",
    "53": "it takes no more connections, or has no space left",
    "57": "it is starting or stopping",
}
"""By the first two characters of the database server's code. The server's own texts name users and databases."""


_CLAUSE_BY_ERROR: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (TimeoutError, "it does not answer in time"),
    (socket.gaierror, "its host name is not known"),
    (ssl.SSLCertVerificationError, "its certificate is not accepted"),
    (ssl.SSLError, "it refuses the encrypted connection"),
    (ConnectionRefusedError, "it refuses connections"),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), "the connection to it broke"),
)
"""The first entry that fits counts."""


def describe_connection_failure(error: BaseException) -> str:
    """The reason as a clause about the server, such as ``it refuses connections``; without names and addresses."""
    clauses = [clause for found in _causes(error) if (clause := _describe_single(found))]
    # Machines often have no route to the IPv6 addresses of a name: the failures of its other addresses say more.
    return next((clause for clause in clauses if clause != _NO_ROUTE), clauses[0] if clauses else "it does not answer")


def _describe_single(error: BaseException) -> str | None:
    state, name = getattr(error, "sqlstate", None), type(error).__name__
    if isinstance(state, str):
        return _CLAUSE_BY_SQLSTATE_CLASS.get(state[:2])
    if isinstance(error, OSError) and error.errno in _NO_ROUTE_ERRORS:
        return _NO_ROUTE
    if name.endswith("Timeout"):
        return "it does not answer in time"
    if name in _BROKEN_CONNECTION_ERRORS:
        return "the connection to it broke"
    return next((clause for kind, clause in _CLAUSE_BY_ERROR if isinstance(error, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors that ``error`` wraps, the innermost first, then ``error``: libraries wrap the system's errors."""
    # httpcore keeps the system's error only in its arguments.
    wrapped = [error.__cause__, *error.args]
    if isinstance(error, BaseExceptionGroup):
        # One error for each address of the name.
        wrapped += error.exceptions
    for found in wrapped:
        if isinstance(found, BaseException):
            yield from _causes(found)
    yield error
