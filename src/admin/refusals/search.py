"""The search of the refusals page: finds the numbers, organizations and users that a text can mean."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from admin.filters import starts_with
from kit.e164 import possible_numbers
from kit.parsing import parse_uuid
from kit.text import is_valid_text
from tenants.models import Organization, PhoneNumber

MAX_SEARCH_CHARACTERS = 254
MAX_MATCHES = 20


class SearchMatches(NamedTuple):
    """The possible meanings of a search text."""

    numbers: Sequence[str] = ()
    """Every spelling in which calls to the typed number may be stored."""
    organizations: Sequence[Any] = ()
    """Id, name and slug of each."""
    users: Sequence[Any] = ()
    """Id, e-mail and name of each."""


async def search(session: AsyncSession, text: str) -> SearchMatches:
    """The matches of ``text``: digits are a number, ``@`` is an e-mail, all else is an organization's name or slug."""
    text = text.strip()
    if not text or len(text) > MAX_SEARCH_CHARACTERS or not is_valid_text(text):
        return SearchMatches()
    if numbers := possible_numbers(text):
        holders = sa.select(PhoneNumber.organization_id).where(PhoneNumber.e164.in_(numbers))
        return SearchMatches(numbers, await _organizations(session, Organization.id.in_(holders)))
    if "@" in text:
        return SearchMatches(users=await _users(session, text.lower()))
    return SearchMatches(organizations=await find_organizations(session, text))


async def find_organizations(session: AsyncSession, text: str) -> Sequence[Any]:
    """Organizations by id, by slug, or by the start of their name; an exact match is returned alone."""
    text = text.strip()
    try:
        return await _organizations(session, Organization.id == parse_uuid(text))
    except ValueError:
        pass
    name = sa.func.lower(Organization.name)
    for is_exact in (Organization.slug == text.lower(), name == text.lower()):
        if found := await _organizations(session, is_exact):
            return found
    return await _organizations(session, starts_with(name, text.lower()))


async def find_users(session: AsyncSession, text: str) -> Sequence[Any]:
    """Users by id or by the start of their e-mail; an exact match is returned alone."""
    text = text.strip().lower()
    try:
        return await _select_users(session, User.id == parse_uuid(text))
    except ValueError:
        return await _users(session, text)


async def _users(session: AsyncSession, text: str) -> Sequence[Any]:
    if found := await _select_users(session, User.email == text):
        return found
    return await _select_users(session, starts_with(User.email, text))


async def _select_users(session: AsyncSession, condition: sa.ColumnElement[bool]) -> Sequence[Any]:
    query = sa.select(User.id, User.email, User.name).where(condition).order_by(User.email).limit(MAX_MATCHES)
    return (await session.execute(query)).all()


async def _organizations(session: AsyncSession, condition: sa.ColumnElement[bool]) -> Sequence[Any]:
    columns = Organization.id, Organization.name, Organization.slug
    query = sa.select(*columns).where(condition).order_by(Organization.name, Organization.id).limit(MAX_MATCHES)
    return (await session.execute(query)).all()
