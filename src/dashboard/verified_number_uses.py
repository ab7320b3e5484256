"""Finds the tokens and members whose calls show a verified number, and says what those calls show after its removal."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.e164 import readable
from phone_numbers.from_numbers import FromNumber, allowed_numbers
from phone_numbers.services import PhoneNumberService
from tenants.members import MemberService
from widget.services import EmbedTokenService

MAX_LISTED = 5
"""At most this many tokens, and as many members, are listed by name; the rest are counted."""


async def removal_effects(
    session: AsyncSession, organization_id: UUID, number_ids: Sequence[UUID]
) -> Mapping[UUID, str]:
    """The sentences for each number that a token or a member shows, by the number's id."""
    if not number_ids:
        return {}
    usable = await PhoneNumberService(session).list_from_numbers(organization_id)
    tokens = await EmbedTokenService(session).list_using_numbers(organization_id, number_ids)
    members = await MemberService(session).list_calling_from(organization_id, number_ids)
    effects = {}
    for number_id in number_ids:
        others = [number for number in usable if number.id != number_id]
        sentences = []
        token_uses = [
            f"“{token.label or token.prefix}” {_number_or_none(allowed_numbers(others, token.from_numbers))}"
            for token in tokens
            if number_id in token.from_numbers
        ]
        if token_uses:
            sentences.append(f"Tokens that show it, and what their calls show from now on: {_list(token_uses)}.")
        emails = [member.email for member in members if member.from_number_id == number_id]
        if emails:
            sentences.append(
                f"Members who call from it: {_list(emails)}. Their calls show the number of the token, or"
                f" {_number_or_none(others)}, until another one is chosen for them."
            )
        if sentences:
            effects[number_id] = " ".join(sentences)
    return effects


def _number_or_none(numbers: Sequence[FromNumber]) -> str:
    return readable(numbers[0].number) if numbers else "no number: they cannot call"


def _list(items: Sequence[str]) -> str:
    more = len(items) - MAX_LISTED
    return ", ".join([*items[:MAX_LISTED], *([f"{more} more"] if more > 0 else [])])
