"""Every room's models, for migrations."""

from accounts.models import LoginSession, User
from kit.model import Base
from tenants.models import Membership, Organization, PhoneNumber
from voice.models import Call, CallEvent
from widget.models import EmbedToken

__all__ = [
    "Base",
    "Call",
    "CallEvent",
    "EmbedToken",
    "LoginSession",
    "Membership",
    "Organization",
    "PhoneNumber",
    "User",
    "metadata",
]

metadata = Base.metadata
