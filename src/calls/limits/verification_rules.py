"""Checks the calling rules before the carrier calls a number to verify that an organization holds it.

The carrier charges this call like any other.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits.services import CallingRulesService
from kit.countries import country_in_sentence
from kit.e164 import region_of
from kit.errors import ValidationFailed


async def ensure_may_verify(session: AsyncSession, organization_id: UUID, e164: str) -> None:
    """Raise ValidationFailed unless the calling rules allow a call to the number."""
    rules = await CallingRulesService(session).get(organization_id)
    if e164 in rules.blocked_numbers:
        raise ValidationFailed([("number", "This number is on your block list: the carrier does not call it")])
    # Numbers without a country count as domestic.
    country = region_of(e164) or rules.country
    if country not in rules.callable_countries:
        country_name = country_in_sentence(country)
        sentence = f"Calls to {country_name} are not enabled, so the carrier does not call this number"
        raise ValidationFailed([("number", f"{sentence}; change that under Calling rules first")])
