"""Sends one webhook request to a checked IP address of its receiver: limited time and size, no redirects."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore
import msgspec

from kit.text import single_line
from kit.tls import system_tls
from webhooks.receiver_urls import Receiver, UrlRefused, parse_receiver
from webhooks.resolver import NameNotFound, ReceiverNotPublic, Resolver, resolve_receiver

TOTAL_SECONDS = 10.0
"""Time limit for resolving, connecting, sending and the answer together."""
CONNECT_SECONDS = 4.0
MAX_ANSWER_BYTES = 8192
"""The part of the answer's body that is read."""
MAX_STORED_CHARACTERS = 500
_SUCCESSES = range(200, 300)


class Answer(msgspec.Struct, frozen=True):
    """The result of one attempt."""

    status: int | None
    """The answer's status; None without an answer."""
    text: str
    """The beginning of the answer's body on one line, or a sentence with the reason why there is none."""
    retry_after: int | None = None
    """Whole seconds of the header ``Retry-After``; None without it."""

    @property
    def is_success(self) -> bool:
        return self.status in _SUCCESSES


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to IP addresses that were resolved and checked before, for any host name of the request.

    The library still uses the name for TLS and the header ``Host``. So DNS rebinding has no effect.
    """

    def __init__(self, ip_addresses: Iterable[str]) -> None:
        self._ip_addresses = tuple(ip_addresses)
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        del host
        error: Exception = httpcore.ConnectError("no address")
        for ip_address in self._ip_addresses:
            try:
                return await self._inner.connect_tcp(ip_address, port, *args, **options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def connect_unix_socket(self, path: str, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError(path)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class WebhookSender:
    """Sends requests. Made once at start."""

    def __init__(self, resolver: Resolver, *, is_sandbox: bool, total_seconds: float = TOTAL_SECONDS) -> None:
        """``is_sandbox`` allows receivers on this machine over plain HTTP."""
        self._resolver = resolver
        self._is_sandbox = is_sandbox
        self._total_seconds = total_seconds
        self._tls = system_tls()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post ``body``; every failure becomes an answer without a status."""
        try:
            async with asyncio.timeout(self._total_seconds):
                receiver = parse_receiver(url, is_sandbox=self._is_sandbox)
                ip_addresses = await resolve_receiver(receiver, self._resolver)
                return await self._post(receiver, [str(address) for address in ip_addresses], body, headers)
        except TimeoutError:
            return Answer(None, f"No complete answer within {self._total_seconds:g} seconds")
        except (UrlRefused, ReceiverNotPublic, NameNotFound) as error:
            return Answer(None, f"Not sent: {error}")
        except (httpcore.ConnectTimeout, httpcore.ConnectError) as error:
            return Answer(None, _connect_failure(error))
        # OSError: the library does not convert a TLS alert after the handshake, as for a missing client certificate.
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            return Answer(None, _answer_failure(error))

    async def _post(
        self, receiver: Receiver, ip_addresses: list[str], body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        request_headers = {
            "Host": receiver.authority,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "User-Agent": "EpochVoice-Webhooks/1",
            # The answer is stored as text and is not decompressed.
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        url = httpcore.URL(
            scheme="https" if receiver.is_https else "http",
            host=receiver.host,
            port=receiver.port,
            target=receiver.target,
        )
        timeouts = dict.fromkeys(("read", "write", "pool"), self._total_seconds) | {"connect": CONNECT_SECONDS}
        async with (
            httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=CheckedBackend(ip_addresses)) as pool,
            pool.stream(
                "POST", url, headers=list(request_headers.items()), content=body, extensions={"timeout": timeouts}
            ) as response,
        ):
            received = b""
            async for chunk in response.aiter_stream():
                received += chunk
                if len(received) >= MAX_ANSWER_BYTES:
                    break
            response_headers = {name.lower(): value for name, value in response.headers}
            return Answer(response.status, _stored_text(received, response_headers), _retry_after(response_headers))


def _stored_text(received: bytes, headers: Mapping[bytes, bytes]) -> str:
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"", b"identity"):
        return "(a compressed answer, not shown)"
    return single_line(received[:MAX_ANSWER_BYTES].decode(errors="replace"), max_characters=MAX_STORED_CHARACTERS)


def _retry_after(headers: Mapping[bytes, bytes]) -> int | None:
    """The seconds of ``Retry-After``; a date is ignored, because it is rare and the receiver's clock may be wrong."""
    value = headers.get(b"retry-after", b"").strip()
    return int(value) if value.isdigit() and len(value) < 8 else None


def _answer_failure(error: Exception) -> str:
    if isinstance(error, httpcore.ProtocolError):
        return "The answer was no complete answer of HTTP"
    if isinstance(error, ssl.SSLError):
        return "The receiver ended the encrypted connection, as one that wants a certificate does"
    return "The connection broke before a complete answer"


def _connect_failure(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectTimeout):
        return f"Could not connect within {CONNECT_SECONDS:g} seconds"
    reason = error.__cause__ or error.__context__
    while reason is not None:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"The receiver's certificate is not valid: {reason.verify_message}"
        if isinstance(reason, ssl.SSLError):
            return "No TLS connection could be made with the receiver"
        reason = reason.__cause__ or reason.__context__
    return "The receiver refused the connection, or cannot be reached"
