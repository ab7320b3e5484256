"""Says in plain words why another server could not be reached or did not answer."""

import errno
import socket
import ssl
from collections.abc import Iterator

_NO_WAY = "the network does not lead to it"
_NO_WAY_ERRORS = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)
_BROKEN = frozenset({"ReadError", "WriteError", "CloseError", "RemoteProtocolError", "LocalProtocolError"})
"""Errors of httpx and httpcore, by name: this module is used where those are not loaded."""
_OF_POSTGRESQL = {
    "28": "it refuses the login",
    "3D": "it has no such database",
    "53": "it takes no more connections, or has no space left",
    "57": "it is starting or stopping",
}
"""By the class of the database server's code. Its own texts name users and databases."""


_OF_SYSTEM: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (TimeoutError, "it does not answer in time"),
    (socket.gaierror, "its host name is not known"),
    (ssl.SSLCertVerificationError, "its certificate is not accepted"),
    (ssl.SSLError, "it refuses the encrypted connection"),
    (ConnectionRefusedError, "it refuses connections"),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), "the connection to it broke"),
)
"""The first that fits counts."""


def describe_connection_failure(error: BaseException) -> str:
    """The reason as a clause about the server, such as ``it refuses connections``; without names and addresses."""
    described = [words for found in _causes(error) if (words := _words(found))]
    # Of a name's addresses, those of IPv6 often lead nowhere: then the others say more.
    return next((words for words in described if words != _NO_WAY), described[0] if described else "it does not answer")


def _words(error: BaseException) -> str | None:
    state, name = getattr(error, "sqlstate", None), type(error).__name__
    if isinstance(state, str):
        return _OF_POSTGRESQL.get(state[:2])
    if isinstance(error, OSError) and error.errno in _NO_WAY_ERRORS:
        return _NO_WAY
    if name.endswith("Timeout"):
        return "it does not answer in time"
    if name in _BROKEN:
        return "the connection to it broke"
    return next((words for kind, words in _OF_SYSTEM if isinstance(error, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors behind ``error``, the innermost first: libraries wrap what the system says. Then ``error``."""
    # httpcore keeps the system's error as its argument alone.
    behind = [error.__cause__, *error.args]
    if isinstance(error, BaseExceptionGroup):
        # Of several addresses of one name.
        behind += error.exceptions
    for found in behind:
        if isinstance(found, BaseException):
            yield from _causes(found)
    yield error
