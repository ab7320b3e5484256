"""Who does something: carried from the request into every change, and from there into the audit trail."""

import enum
from uuid import UUID

import msgspec


class ActorKind(enum.StrEnum):
    """What sort of somebody."""

    USER = "user"
    API_KEY = "api_key"
    STAFF = "staff"
    SYSTEM = "system"


class Actor(msgspec.Struct, frozen=True):
    """Somebody, as the audit trail names them."""

    kind: ActorKind
    id: UUID | None
    name: str
    """An e-mail address, or a key's label."""
    address: str = ""
    """Where the request came from."""
    reason: str = ""
    """Why, where staff must say so; the audit trail keeps it."""

    @property
    def user_id(self) -> UUID | None:
        """The person, when it is one."""
        return self.id if self.kind is ActorKind.USER else None


SYSTEM = Actor(ActorKind.SYSTEM, None, "Epoch Voice")
"""The product itself: seeds, sweeps, the command line."""
