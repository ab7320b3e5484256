"""Exponential backoff for organizations whose events could not get sequence numbers; the state is in memory."""

import time
from collections.abc import Collection
from uuid import UUID

import msgspec

FIRST_SECONDS = 1.0
MAX_SECONDS = 60.0


class _Wait(msgspec.Struct, frozen=True):
    failures: int
    until: float
    """By the monotonic clock."""


class SequencingBackoff:
    """The next attempts of organizations after failures: waits from ``FIRST_SECONDS`` to ``MAX_SECONDS``."""

    def __init__(self) -> None:
        self._waits: dict[UUID, _Wait] = {}

    def waiting(self) -> list[UUID]:
        """The organizations whose next attempt is not due yet."""
        now = time.monotonic()
        return [organization_id for organization_id, wait in self._waits.items() if wait.until > now]

    def record_failure(self, organization_id: UUID) -> float:
        """Postpone the next attempt; return the seconds until then."""
        failures = self._waits[organization_id].failures + 1 if organization_id in self._waits else 1
        # The exponent is bounded: a failure may last for weeks.
        seconds: float = min(FIRST_SECONDS * 2 ** min(failures - 1, 10), MAX_SECONDS)
        self._waits[organization_id] = _Wait(failures, time.monotonic() + seconds)
        return seconds

    def reset(self, organization_ids: Collection[UUID]) -> None:
        """Forget the failures of organizations whose events got sequence numbers."""
        for organization_id in organization_ids:
            self._waits.pop(organization_id, None)
