"""Counts callbacks with wrong signatures: many mean that our auth token or public URL is not what the carrier uses."""

import time
from collections.abc import Callable

from prometheus_client import Counter

from kit.http.app_key import AppKey

WARNING_SECONDS = 600.0
"""For this long after a wrong signature the product warns, unless a right one followed."""
REFUSED_CALLBACKS = Counter("epoch_carrier_callbacks_refused", "Carrier callbacks with a missing or wrong signature.")


class CallbackSignatures:
    """Remembers the last wrong signature of this process. Anybody can send one, so it is a warning and no failure."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong_at: float | None = None

    def record(self, *, is_valid: bool) -> None:
        """Record the result of one check."""
        if is_valid:
            self._wrong_at = None
        else:
            REFUSED_CALLBACKS.inc()
            self._wrong_at = self._clock()

    @property
    def is_suspicious(self) -> bool:
        """True when the last callback within ``WARNING_SECONDS`` had a wrong signature."""
        return self._wrong_at is not None and self._clock() - self._wrong_at < WARNING_SECONDS


CALLBACK_SIGNATURES: AppKey[CallbackSignatures] = AppKey("callback_signatures")
