"""Wire types of retention and number erasure."""

from kit.schemas import RequestModel, ResponseModel
from privacy.number_erasure import NumberOccurrences
from privacy.services import RetentionPeriod


class RetentionInfo(ResponseModel, frozen=True, kw_only=True):
    """How long call data is kept."""

    months: int
    """After this time a call's numbers, names, page and metadata are erased; times, duration and cost stay."""
    is_default: bool
    """True while the organization has chosen nothing itself."""

    @classmethod
    def of(cls, kept: RetentionPeriod) -> "RetentionInfo":
        return cls(months=kept.months, is_default=kept.is_default)


class ChangeRetention(RequestModel, frozen=True, kw_only=True):
    """How long to keep call data."""

    months: int | None
    """1 to 36; null: as long as the product does by default."""


class EraseNumber(RequestModel, frozen=True, kw_only=True):
    """A phone number to erase."""

    number: str
    """In any form in which people dial it."""
    unblock: bool = False
    """Whether to remove the number from the block list too; by default it stays blocked and is not called again."""


class ErasedNumber(ResponseModel, frozen=True, kw_only=True):
    """What was erased. The number itself is not repeated."""

    calls: int
    """Calls to the number, refused ones included: number, agent, page, metadata and events are erased, here at once, at
    the carrier within minutes."""
    metadata_of_calls: int
    """Calls to other numbers whose metadata mentioned it: all their metadata is erased, the calls stay."""
    is_complete: bool
    """False while a background job still searches older calls."""
    unblocked: bool

    @classmethod
    def of(cls, erased: NumberOccurrences) -> "ErasedNumber":
        return cls(
            calls=erased.calls,
            metadata_of_calls=erased.mentioning_calls,
            is_complete=erased.is_complete,
            unblocked=erased.was_unblocked,
        )
