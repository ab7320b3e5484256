"""Decides which number a call shows: the one place that knows the order. Pure.

1. the number that the page or the person asked for,
2. the member's own,
3. the one from which this contact was last called, where that is switched on,
4. the first one on the embed token's list,
5. one with the area code of the called number, where that is switched on,
6. the organization's default.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from kit.area_codes import area_of
from kit.e164 import readable
from phone_numbers.errors import FromNotAllowed


class FromNumber(msgspec.Struct, frozen=True):
    """A number that calls may show."""

    id: UUID
    number: str
    """E.164."""
    name: str = ""
    """The organization's own name for it; empty where it has none."""

    @property
    def label(self) -> str:
        """The number for people, with its name where it has one."""
        return f"{readable(self.number)} ({self.name})" if self.name else readable(self.number)


class FromWishes(msgspec.Struct, frozen=True):
    """The values that may choose the number of one call; None for one that has no say."""

    requested: str | None = None
    """As the page sent it: nothing but an allowed E.164 number is used."""
    member_number_id: UUID | None = None
    last_number: str | None = None
    """E.164: the number from which the contact was last called."""
    near: str | None = None
    """E.164: the called number, where its area code is to be matched."""


def allowed_numbers(numbers: Sequence[FromNumber], token_numbers: Sequence[UUID]) -> Sequence[FromNumber]:
    """The numbers that a token may show, in its order.

    ``numbers`` are all usable ones of the organization, its default first. A number on the token's list that is not
    usable any more drops out; a token without a number on its list may show all.
    """
    by_id = {number.id: number for number in numbers}
    return [by_id[number_id] for number_id in token_numbers if number_id in by_id] or numbers


def choose_from_number(
    numbers: Sequence[FromNumber], token_numbers: Sequence[UUID], wishes: FromWishes
) -> FromNumber | None:
    """The number that the call shows; None where the organization has none.

    Raises: FromNotAllowed, when the page asked for one that the token may not show.
    """
    allowed = allowed_numbers(numbers, token_numbers)
    if not allowed:
        return None
    if wishes.requested is not None:
        for number in allowed:
            if number.number == wishes.requested:
                return number
        raise FromNotAllowed
    for number in allowed:
        if number.id == wishes.member_number_id:
            return number
    for number in allowed:
        if number.number == wishes.last_number:
            return number
    is_tokens_own = allowed[0].id in token_numbers
    if wishes.near is not None and not is_tokens_own:
        area = area_of(wishes.near)
        for number in allowed:
            if area and area_of(number.number) == area:
                return number
    return allowed[0]
