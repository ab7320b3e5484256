"""Wire types about how long call data is kept."""

from kit.structs import Command, Payload
from voice.retention.services import Kept


class RetentionInfo(Payload, frozen=True, kw_only=True):
    """How long call data is kept."""

    months: int
    """After so long numbers, names, page and metadata of a call are erased; what is counted stays."""
    is_default: bool
    """True while the organization has chosen nothing itself."""

    @classmethod
    def of(cls, kept: Kept) -> "RetentionInfo":
        return cls(months=kept.months, is_default=kept.is_default)


class ChangeRetention(Command, frozen=True, kw_only=True):
    """How long call data shall be kept."""

    months: int | None
    """1 to 36; null: as long as the product does by default."""
