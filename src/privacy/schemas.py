"""Request and response schemas of the API of retention and number erasure."""

from typing import Annotated

from msgspec import Meta

from kit.schemas import E164Number, RequestModel, ResponseModel
from privacy.number_erasure import NumberOccurrences
from privacy.services import RetentionPeriod

RetentionMonths = Annotated[int, Meta(examples=[12])]


class RetentionInfo(ResponseModel, frozen=True, kw_only=True):
    """The time that call data is kept."""

    months: RetentionMonths
    """After this time a call's numbers, names, page and metadata are erased; times, duration and cost stay."""
    is_default: Annotated[bool, Meta(examples=[False])]
    """True while the organization has chosen nothing itself."""

    @classmethod
    def of(cls, period: RetentionPeriod) -> "RetentionInfo":
        return cls(months=period.months, is_default=period.is_default)


class ChangeRetention(RequestModel, frozen=True, kw_only=True):
    """The time to keep call data."""

    months: RetentionMonths | None
    """1 to 36; null: as long as the product does by default."""


class EraseNumber(RequestModel, frozen=True, kw_only=True):
    """A phone number to erase."""

    number: E164Number
    """In any form in which people dial it."""
    unblock: Annotated[bool, Meta(examples=[True])] = False
    """True removes the number from the block list too; by default it stays blocked and is not called again."""


class ErasedNumber(ResponseModel, frozen=True, kw_only=True):
    """The numbers of erased calls. The phone number itself is not repeated."""

    calls: Annotated[int, Meta(examples=[42])]
    """Calls to the number, refused ones included: number, agent, page, metadata and events are erased, here at once, at
    the carrier within minutes."""
    metadata_of_calls: Annotated[int, Meta(examples=[1])]
    """Calls to other numbers whose metadata mentioned it: all their metadata is erased, the calls stay."""
    is_complete: Annotated[bool, Meta(examples=[True])]
    """False while a background job still searches older calls."""
    unblocked: Annotated[bool, Meta(examples=[True])]

    @classmethod
    def of(cls, erased: NumberOccurrences) -> "ErasedNumber":
        return cls(
            calls=erased.calls,
            metadata_of_calls=erased.mentioning_calls,
            is_complete=erased.is_complete,
            unblocked=erased.was_unblocked,
        )
