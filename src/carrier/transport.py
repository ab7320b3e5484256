"""HTTP transport for the carrier library's client: time limits, retries of idempotent requests, circuit breaker."""

import asyncio
import math
import random
import time
from contextvars import ContextVar
from typing import Any

import httpx
from twilio.http.response import Response

from carrier.breaker import CircuitBreaker
from carrier.health import CarrierHealthReporter
from carrier.metrics import RequestOutcome, count_request, outcome_of, resource_of
from carrier.port import CarrierUnavailable
from kit.connection_failures import describe_connection_failure
from kit.tls import bundled_tls
from kit.tracing import TRACING

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
"""Seconds for one request with all its retries."""
MAX_DOWNLOAD_BYTES = 20_000_000
"""The largest file that is downloaded: about twenty minutes of telephone audio."""
MAX_RETRIES = 2
MAX_RETRY_AFTER_SECONDS = 300
"""The longest ``Retry-After`` of the carrier that is passed on to our own clients."""
_retry_after_of_task: ContextVar[int | None] = ContextVar("carrier_retry_after", default=None)
BACKOFF_SECONDS = 0.25
"""Seconds before the first retry, doubled before the second; the wait is a random part of it, from half to all."""


class HttpTransport:
    """Transport of the library's ``*_async`` methods; must be created inside the running event loop."""

    is_async = True
    """Read by the library before it sends."""

    def __init__(self, *, trust_env: bool, health: CarrierHealthReporter | None = None) -> None:
        """``health`` records the result of each request."""
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=5)
        timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.AsyncClient(
            verify=bundled_tls(trust_env=trust_env), timeout=timeout, limits=limits, trust_env=trust_env
        )
        self._breaker, self._health = CircuitBreaker(), health
        if health is not None:
            health.set_breaker(self._breaker)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: object,
    ) -> Response:
        """Send one request; redirects are not followed, the library's own timeout argument is not used.

        Raises:
            TimeoutError: no response within ``TOTAL_SECONDS``.
            httpx.HTTPError: the connection failed.
            CarrierUnavailable: the circuit breaker is open; nothing was sent.
        """
        _retry_after_of_task.set(None)
        request = self._client.build_request(
            method, url, params=_without_none(params), data=_without_none(data), headers=headers
        )
        retries = MAX_RETRIES if _is_idempotent(method, url) else 0
        path = request.url.path
        self._ensure_closed(method, path)
        began = time.monotonic()
        try:
            with TRACING.span(f"carrier {resource_of(path)}", "client") as attributes:
                attributes["http.request.method"] = request.method
                async with asyncio.timeout(TOTAL_SECONDS):
                    response = await self._send(request, auth, retries)
                attributes["http.response.status_code"] = response.status_code
        except (httpx.HTTPError, TimeoutError) as error:
            self._record_failure(describe_connection_failure(error))
            count_request(method, path, RequestOutcome.UNREACHABLE, time.monotonic() - began)
            raise
        seconds = time.monotonic() - began
        count_request(method, path, outcome_of(response.status_code), seconds)
        if wait := math.ceil(_retry_after(response)):
            _retry_after_of_task.set(min(wait, MAX_RETRY_AFTER_SECONDS))
        if response.status_code >= 500:
            self._record_failure(f"HTTP {response.status_code}")
        else:
            self._breaker.record_success()
            if self._health is not None:
                self._health.record_answer(seconds, is_access_refused=response.status_code in (401, 403))
        return Response(response.status_code, response.text, response.headers)

    async def download(self, url: str, auth: tuple[str, str]) -> tuple[int, bytes]:
        """Download a file; return the HTTP status and the body. Redirects to another host get no ``auth``.

        Raises: as ``request``; CarrierUnavailable for a file larger than ``MAX_DOWNLOAD_BYTES``.
        """
        path = httpx.URL(url).path
        self._ensure_closed("GET", path)
        began, parts, size = time.monotonic(), [], 0
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                self._client.stream("GET", url, auth=auth, follow_redirects=True) as response,
            ):
                async for part in response.aiter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > MAX_DOWNLOAD_BYTES:
                        raise CarrierUnavailable("the carrier's file is too large")
        except (httpx.HTTPError, TimeoutError) as error:
            self._record_failure(describe_connection_failure(error))
            count_request("GET", path, RequestOutcome.UNREACHABLE, time.monotonic() - began)
            raise
        count_request("GET", path, outcome_of(response.status_code), time.monotonic() - began)
        self._breaker.record_success()
        return response.status_code, b"".join(parts)

    def _ensure_closed(self, method: str, path: str) -> None:
        try:
            self._breaker.ensure_closed()
        except CarrierUnavailable:
            if self._health is not None:
                self._health.record_not_sent()
            count_request(method, path, RequestOutcome.NOT_SENT, None)
            raise

    def _record_failure(self, failure: str) -> None:
        self._breaker.record_failure()
        if self._health is not None:
            self._health.record_failure(failure)

    async def _send(self, request: httpx.Request, auth: tuple[str, str] | None, retries: int) -> httpx.Response:
        backoff, end = BACKOFF_SECONDS, asyncio.get_running_loop().time() + TOTAL_SECONDS
        while True:
            try:
                response = await self._client.send(request, auth=auth)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not retries:
                    raise
                wait = _jittered(backoff)
            else:
                if not retries or not _is_transient(response.status_code):
                    return response
                wait = max(_jittered(backoff), _retry_after(response))
                if asyncio.get_running_loop().time() + wait >= end:
                    # The wait would exceed the time left; the response explains more than our timeout would.
                    return response
            await asyncio.sleep(wait)
            retries -= 1
            backoff *= 2

    async def close(self) -> None:
        await self._client.aclose()


def last_retry_after() -> int | None:
    """Seconds of the ``Retry-After`` in the carrier's last response to this asyncio task; None without one.

    The library's exceptions do not contain the response's headers.
    """
    return _retry_after_of_task.get()


def _without_none(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    """Drop None values: the library passes None for absent parameters."""
    return {name: value for name, value in fields.items() if value is not None} if fields else None


def _is_idempotent(method: str, url: str) -> bool:
    """True for reads, deletions and updates of one resource; not for creation (a POST to a list)."""
    if method.upper() in ("GET", "DELETE"):
        return True
    last = url.rsplit("/", 1)[-1].removesuffix(".json")
    return len(last) == 34 and last[:2].isupper() and last[2:].isalnum()


def _is_transient(status: int) -> bool:
    return status == 429 or status >= 500


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.5, 1.0)


def _retry_after(response: httpx.Response) -> float:
    """Seconds of the carrier's ``Retry-After``; 0 when absent or a date."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0
