"""Chooses the number that an outgoing call shows, by the first of these rules that finds an allowed number. Pure.

1. the number that the page or the person chose for this call,
2. the member's own number,
3. the number from which this contact was last called, if the organization enabled that,
4. the first number on the embed token's list,
5. a number with the area code of the called number, if the organization enabled that,
6. the organization's default number.
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
    """The organization's own name for the number; empty without one."""

    @property
    def label(self) -> str:
        """The number in readable form, with its name if it has one."""
        return f"{readable(self.number)} ({self.name})" if self.name else readable(self.number)


class FromNumberInputs(msgspec.Struct, frozen=True):
    """The inputs of the choice for one call; None for a rule that does not apply."""

    requested: str | None = None
    """As the page sent it; only an allowed E.164 number is accepted."""
    member_number_id: UUID | None = None
    last_number: str | None = None
    """E.164: the number from which the contact was last called."""
    match_area_code_of: str | None = None
    """E.164: the called number, if a number with its area code is to be preferred."""


def allowed_numbers(numbers: Sequence[FromNumber], token_numbers: Sequence[UUID]) -> Sequence[FromNumber]:
    """The numbers that a token may show, in its order.

    ``numbers`` are all usable numbers of the organization, its default first. Numbers on the token's list that are no
    longer usable are left out; a token without usable numbers on its list may show all numbers.
    """
    by_id = {number.id: number for number in numbers}
    return [by_id[number_id] for number_id in token_numbers if number_id in by_id] or numbers


def choose_from_number(
    numbers: Sequence[FromNumber], token_numbers: Sequence[UUID], inputs: FromNumberInputs
) -> FromNumber | None:
    """The number that the call shows; None where the organization has no usable number.

    Raises: FromNotAllowed, when the page requested a number that the token may not show.
    """
    allowed = allowed_numbers(numbers, token_numbers)
    if not allowed:
        return None
    if inputs.requested is not None:
        for number in allowed:
            if number.number == inputs.requested:
                return number
        raise FromNotAllowed
    for number in allowed:
        if number.id == inputs.member_number_id:
            return number
    for number in allowed:
        if number.number == inputs.last_number:
            return number
    is_listed_by_token = allowed[0].id in token_numbers
    if inputs.match_area_code_of is not None and not is_listed_by_token:
        area = area_of(inputs.match_area_code_of)
        for number in allowed:
            if area and area_of(number.number) == area:
                return number
    return allowed[0]
