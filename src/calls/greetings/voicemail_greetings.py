"""Stores, lists, renames and removes voicemail greetings: recordings that agents leave in mailboxes, own or shared."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.audio_decoder import DecodedAudio
from calls.greetings.errors import TooManyVoicemailGreetings
from calls.greetings.models import VoicemailGreeting
from calls.greetings.names import ensure_free_name, free_name, parse_new_name
from kit.actor import Actor
from kit.audit import has_event, record
from kit.errors import NotFound
from tenants.models import Membership, Role
from tenants.rules import ensure_role
from tenants.services import OrganizationService

MAX_OWN, MAX_SHARED = 10, 20
_DEFAULT_NAME = "Greeting"
_REMOVED_ACTION = "voicemail_greeting.removed"
"""The action in the audit log."""


class GreetingSummary(msgspec.Struct, frozen=True):
    """A voicemail greeting without its audio."""

    id: UUID
    name: str
    seconds: int
    is_shared: bool
    created_at: dt.datetime


class VoicemailGreetingService:
    """The voicemail greetings that one member or API key may use: shared ones, and the member's own."""

    def __init__(self, session: AsyncSession, organization_id: UUID, user_id: UUID | None) -> None:
        """``user_id`` is None for an API key, which has only shared voicemail greetings."""
        self._session = session
        self._organization_id = organization_id
        self._user_id = user_id

    async def add(self, name: str, audio: DecodedAudio, *, shared: bool, by: Actor) -> GreetingSummary:
        """Store a voicemail greeting; an empty ``name`` becomes the default one, a name that is taken gets a number.

        Raises: NotFound, TooManyVoicemailGreetings.
        """
        await OrganizationService(self._session).lock(self._organization_id)
        owner = None if shared else await self._membership_id()
        column = VoicemailGreeting.membership_id
        is_same_owner = column.is_(None) if owner is None else column == owner
        own_rows = VoicemailGreeting.owned_by(self._organization_id), is_same_owner
        count = (
            await self._session.scalar(sa.select(sa.func.count()).select_from(VoicemailGreeting).where(*own_rows)) or 0
        )
        if count >= (MAX_SHARED if owner is None else MAX_OWN):
            raise TooManyVoicemailGreetings
        row = VoicemailGreeting(
            organization_id=self._organization_id,
            membership_id=owner,
            name=free_name(name or _DEFAULT_NAME, [greeting.name for greeting in await self.list_all()]),
            seconds=audio.seconds,
            wav=audio.wav,
        )
        self._session.add(row)
        await self._session.flush()
        added = await self.get(row.id)
        await self._record("voicemail_greeting.added", added, by)
        return added

    async def list_all(self) -> Sequence[GreetingSummary]:
        """The member's own first, then the shared ones; both newest first."""
        rows = await self._session.execute(self._usable().order_by(*_OWN_FIRST))
        return [GreetingSummary(*row) for row in rows]

    async def page(self, *, after: UUID | None, limit: int) -> Sequence[GreetingSummary]:
        """``limit`` + 1 greetings, newest first."""
        query = self._usable().order_by(VoicemailGreeting.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(VoicemailGreeting.id < after)
        return [GreetingSummary(*row) for row in await self._session.execute(query)]

    async def get(self, greeting_id: UUID) -> GreetingSummary:
        """One greeting. Raises: NotFound."""
        row = (await self._session.execute(self._usable().where(VoicemailGreeting.id == greeting_id))).one_or_none()
        if row is None:
            raise NotFound
        return GreetingSummary(*row)

    async def wav(self, greeting_id: UUID) -> bytes:
        """The audio of a greeting. Raises: NotFound."""
        await self.get(greeting_id)
        return await voicemail_greeting_wav(self._session, self._organization_id, greeting_id)

    async def get_changeable(self, greeting_id: UUID, *, role: Role) -> GreetingSummary:
        """A voicemail greeting that may be renamed and removed: the member's own, or for an admin also a shared one.

        Raises: NotFound, RoleTooLow.
        """
        is_own = greeting_id in {greeting.id for greeting in await self.list_all() if not greeting.is_shared}
        if not is_own:
            ensure_role(role, Role.ADMIN)
        return await self.get(greeting_id)

    async def rename(self, greeting_id: UUID, name: str, *, role: Role, by: Actor) -> GreetingSummary:
        """Rename a voicemail greeting.

        Raises: NotFound, RoleTooLow, as ``get_changeable``; ValidationFailed, also for a name that is taken.
        """
        await OrganizationService(self._session).lock(self._organization_id)
        greeting, new_name = await self.get_changeable(greeting_id, role=role), parse_new_name(name)
        if greeting.name == new_name:
            return greeting
        ensure_free_name(new_name, [other.name for other in await self.list_all() if other.id != greeting_id])
        own_rows = VoicemailGreeting.owned_by(self._organization_id), VoicemailGreeting.id == greeting_id
        await self._session.execute(sa.update(VoicemailGreeting).where(*own_rows).values(name=new_name))
        renamed = msgspec.structs.replace(greeting, name=new_name)
        changed = {"before": {"name": greeting.name}, "after": {"name": new_name}}
        await self._record("voicemail_greeting.renamed", renamed, by, **changed)
        return renamed

    async def remove(self, greeting_id: UUID, *, role: Role, by: Actor) -> None:
        """Delete a greeting. Raises: NotFound, RoleTooLow, as ``get_changeable``."""
        greeting = await self.get_changeable(greeting_id, role=role)
        own_rows = VoicemailGreeting.owned_by(self._organization_id), VoicemailGreeting.id == greeting_id
        await self._session.execute(sa.delete(VoicemailGreeting).where(*own_rows))
        await self._record(_REMOVED_ACTION, greeting, by)

    async def was_removed(self, greeting_id: UUID) -> bool:
        """True if the organization had the greeting and somebody removed it."""
        return await has_event(self._session, self._organization_id, _REMOVED_ACTION, greeting_id)

    def _usable(self) -> sa.Select[UUID, str, int, bool, dt.datetime]:
        owner = VoicemailGreeting.membership_id
        return (
            sa.select(
                VoicemailGreeting.id,
                VoicemailGreeting.name,
                VoicemailGreeting.seconds,
                owner.is_(None),
                VoicemailGreeting.created_at,
            )
            .outerjoin(Membership, Membership.id == owner)
            .where(
                VoicemailGreeting.owned_by(self._organization_id),
                sa.or_(owner.is_(None), Membership.user_id == self._user_id),
            )
        )

    async def _membership_id(self) -> UUID:
        own_rows = Membership.owned_by(self._organization_id), Membership.user_id == self._user_id
        found: UUID | None = await self._session.scalar(sa.select(Membership.id).where(*own_rows))
        if found is None:
            raise NotFound
        return found

    async def _record(self, action: str, greeting: GreetingSummary, by: Actor, **changed: Mapping[str, str]) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=self._organization_id,
            subject_id=greeting.id,
            subject_name=greeting.name,
            details=changed or {"seconds": greeting.seconds, "shared": greeting.is_shared},
        )


_OWN_FIRST = (VoicemailGreeting.membership_id.is_(None), VoicemailGreeting.id.desc())


async def voicemail_greeting_wav(session: AsyncSession, organization_id: UUID, greeting_id: UUID) -> bytes:
    """The audio of any member's voicemail greeting, for the carrier. Raises: NotFound."""
    own_rows = VoicemailGreeting.owned_by(organization_id), VoicemailGreeting.id == greeting_id
    found: bytes | None = await session.scalar(sa.select(VoicemailGreeting.wav).where(*own_rows))
    if found is None:
        raise NotFound
    return found
