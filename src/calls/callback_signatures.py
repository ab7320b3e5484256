"""Counts the carrier's callbacks with invalid signatures, and remembers the last one for a warning of the health check.

Invalid signatures can mean that the configured auth token or public URL is wrong.
"""

import time
from collections.abc import Callable

from prometheus_client import Counter

from kit.http.app_key import AppKey

WARNING_SECONDS = 600.0
"""The product warns for this long after an invalid signature, unless a valid one follows."""
REFUSED_CALLBACKS = Counter("epoch_carrier_callbacks_refused", "Carrier callbacks with a missing or wrong signature.")


class CallbackSignatures:
    """The time of this process's last invalid signature. Anybody can send one, so it is a warning and no failure."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._invalid_at: float | None = None

    def record(self, *, is_valid: bool) -> None:
        """Record whether the signature of one callback is valid."""
        if is_valid:
            self._invalid_at = None
        else:
            REFUSED_CALLBACKS.inc()
            self._invalid_at = self._clock()

    @property
    def is_suspicious(self) -> bool:
        """True when the last callback within ``WARNING_SECONDS`` had an invalid signature."""
        return self._invalid_at is not None and self._clock() - self._invalid_at < WARNING_SECONDS


CALLBACK_SIGNATURES: AppKey[CallbackSignatures] = AppKey("callback_signatures")
