"""Organizations whose events cannot be numbered at present, and the time of the next attempt. In memory."""

import time
from collections.abc import Collection
from uuid import UUID

import msgspec

FIRST_SECONDS = 1.0
MAX_SECONDS = 60.0


class _Hold(msgspec.Struct, frozen=True):
    failures: int
    until: float
    """By the monotonic clock."""


class HeldOrganizations:
    """Waits between attempts: they double from ``FIRST_SECONDS`` to ``MAX_SECONDS``."""

    def __init__(self) -> None:
        self._holds: dict[UUID, _Hold] = {}

    def list_now(self) -> list[UUID]:
        """Those whose next attempt is not due yet."""
        now = time.monotonic()
        return [organization_id for organization_id, hold in self._holds.items() if hold.until > now]

    def hold(self, organization_id: UUID) -> float:
        """Wait after a failed attempt; return the seconds."""
        failures = self._holds[organization_id].failures + 1 if organization_id in self._holds else 1
        # The exponent is bounded: a failure may last for weeks.
        seconds: float = min(FIRST_SECONDS * 2 ** min(failures - 1, 10), MAX_SECONDS)
        self._holds[organization_id] = _Hold(failures, time.monotonic() + seconds)
        return seconds

    def release(self, organization_ids: Collection[UUID]) -> None:
        """Forget the failures of organizations whose events are numbered."""
        for organization_id in organization_ids:
            self._holds.pop(organization_id, None)
