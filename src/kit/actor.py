"""The actor of a change: a user, an API key, staff or the system; the audit log stores it."""

import enum
from uuid import UUID

import msgspec


class ActorKind(enum.StrEnum):
    """The kind of an actor."""

    USER = "user"
    API_KEY = "api_key"
    STAFF = "staff"
    SYSTEM = "system"


class Actor(msgspec.Struct, frozen=True):
    """The author of a change, as the audit log stores it."""

    kind: ActorKind
    id: UUID | None
    name: str
    """An e-mail address, or a key's label."""
    client_ip_address: str = ""
    """Of the request that made the change."""
    reason: str = ""
    """The reason that staff gave; the audit log stores it."""

    @property
    def reference(self) -> str:
        """Kind and id as the setting ``app.actor`` has them, such as ``api_key:<id>`` or ``system``.

        The database compares them with those of the transaction's audit events.
        """
        return self.kind.value if self.id is None else f"{self.kind.value}:{self.id}"

    @property
    def user_id(self) -> UUID | None:
        """The user's id; None for other actors."""
        return self.id if self.kind is ActorKind.USER else None


SYSTEM = Actor(ActorKind.SYSTEM, None, "Epoch Voice")
"""The product itself: seeds, jobs, the command line."""
