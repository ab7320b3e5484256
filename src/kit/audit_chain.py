"""Computes the digests of audit events (``docs/audit-log.md``), to verify those that database triggers stored.

Each event's digest covers the event before it, so the events of an organization form a chain.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from uuid import UUID

PLATFORM_CHAIN = UUID(int=0)
"""The id of the chain of events without an organization; all others have their organization's id."""
ERASABLE_FIELDS = ("actor_name", "subject_name", "address", "details")
"""The fields that can be erased: an event's digest covers their salted digests, in this order, not their values."""
_FORMAT = "epoch-audit-1"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def field_digest(salt: bytes, value: str) -> bytes:
    """The SHA-256 of ``salt`` and ``value``. The field ``details`` is the text of its JSONB; empty when it is NULL."""
    return hashlib.sha256(salt + value.encode()).digest()


def event_digest(
    *,
    chain_id: UUID,
    sequence: int,
    previous: bytes | None,
    event_id: UUID,
    created_at: dt.datetime,
    actor_kind: str,
    actor_id: UUID | None,
    action: str,
    subject_id: UUID | None,
    field_digests: Sequence[bytes],
) -> bytes:
    """The digest of one event; ``previous`` is the digest of the event before it, None for a chain's first event."""
    values = (
        _FORMAT,
        str(chain_id),
        str(sequence),
        None if previous is None else previous.hex(),
        str(event_id),
        str((created_at - _EPOCH) // _MICROSECOND),
        actor_kind,
        None if actor_id is None else str(actor_id),
        action,
        None if subject_id is None else str(subject_id),
        *(digest.hex() for digest in field_digests),
    )
    return hashlib.sha256(b"".join(map(_netstring, values))).digest()


def _netstring(value: str | None) -> bytes:
    if value is None:
        return b"-,"
    octets = value.encode()
    return b"%d:%b," % (len(octets), octets)
