"""The legs of a call: the caller's leg and the dialled legs, each with its own status and times."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Statuses with the carrier's names."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATUSES


FINAL_STATUSES = frozenset((Status.COMPLETED, Status.BUSY, Status.NO_ANSWER, Status.FAILED, Status.CANCELED))


class TokenIdentity(NamedTuple):
    """The identity and account in an access token."""

    identity: str
    account_sid: str
    application_sid: str
    params: Mapping[str, str]
    """Parameters that the token adds to each call."""


@dataclass(slots=True)
class Leg:
    """One leg."""

    sid: str
    from_: str
    to: str
    created: datetime
    parent_sid: str | None = None
    status: Status = Status.QUEUED
    answered: datetime | None = None
    ended: datetime | None = None
    error_code: int | None = None
    """The code of an error that the carrier recorded about the call."""
    is_inbound: bool = False
    """A call from a phone outside to one of the account's numbers."""
    _callbacks: int = field(default=0, repr=False)

    @property
    def is_over(self) -> bool:
        return self.status.is_final

    @property
    def direction(self) -> str:
        """The carrier's value of the leg's direction."""
        if self.parent_sid is not None:
            return "outbound-dial"
        return "inbound" if self.is_inbound or self.from_.startswith("client:") else "outbound-api"

    @property
    def seconds(self) -> int:
        """Whole seconds connected, rounded to the nearest; 0 when never answered or not ended."""
        if self.answered is None or self.ended is None:
            return 0
        return int((self.ended - self.answered).total_seconds() + 0.5)

    def next_sequence(self) -> int:
        """The sequence number of the leg's next status callback, from 0."""
        number = self._callbacks
        self._callbacks += 1
        return number


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
