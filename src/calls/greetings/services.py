"""Stores, lists, renames and removes the recordings that greetings of incoming calls play."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.audio_decoder import DecodedAudio
from calls.greetings.errors import AudioInUse, TooManyRecordings
from calls.greetings.models import GreetingAudio
from calls.greetings.names import ensure_free_name, free_name, parse_new_name
from calls.incoming.rules import greeting_recordings
from calls.incoming.settings_service import IncomingSettingsService
from kit.actor import Actor
from kit.audit import record
from kit.errors import NotFound
from tenants.services import OrganizationService

MAX_RECORDINGS = 20
_DEFAULT_NAME = "Recording"


class GreetingAudioService:
    """Recordings of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, organization_id: UUID, name: str, audio: DecodedAudio, *, by: Actor) -> GreetingAudio:
        """Store a recording; an empty ``name`` becomes the default one, a name that is taken gets a number.

        Raises: NotFound, TooManyRecordings.
        """
        await OrganizationService(self._session).lock(organization_id)
        taken = await self._names(organization_id)
        if len(taken) >= MAX_RECORDINGS:
            raise TooManyRecordings
        row = GreetingAudio(
            organization_id=organization_id,
            name=free_name(name or _DEFAULT_NAME, taken),
            seconds=audio.seconds,
            wav=audio.wav,
        )
        self._session.add(row)
        await self._session.flush()
        await self._session.refresh(row, ["created_at"])
        await self._record("greeting_audio.added", row, by)
        return row

    async def page(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[GreetingAudio]:
        """``limit`` + 1 recordings, newest first."""
        query = sa.select(GreetingAudio).where(GreetingAudio.owned_by(organization_id))
        if after is not None:
            query = query.where(GreetingAudio.id < after)
        return (await self._session.scalars(query.order_by(GreetingAudio.id.desc()).limit(limit + 1))).all()

    async def get(self, organization_id: UUID, audio_id: UUID) -> GreetingAudio:
        """One recording. Raises: NotFound."""
        query = sa.select(GreetingAudio).where(GreetingAudio.owned_by(organization_id), GreetingAudio.id == audio_id)
        row = await self._session.scalar(query)
        if row is None:
            raise NotFound
        return row

    async def wav(self, organization_id: UUID, audio_id: UUID) -> bytes:
        """The audio of a recording. Raises: NotFound."""
        own_rows = GreetingAudio.owned_by(organization_id), GreetingAudio.id == audio_id
        found: bytes | None = await self._session.scalar(sa.select(GreetingAudio.wav).where(*own_rows))
        if found is None:
            raise NotFound
        return found

    async def used_ids(self, organization_id: UUID) -> Collection[UUID]:
        """Ids of the recordings that a greeting of the organization, or of a held number, plays. Raises: NotFound."""
        settings = IncomingSettingsService(self._session)
        settings_of_numbers = await settings.list_own(organization_id)
        all_settings = [await settings.get(organization_id), *settings_of_numbers.values()]
        return frozenset().union(*map(greeting_recordings, all_settings))

    async def rename(self, organization_id: UUID, audio_id: UUID, name: str, *, by: Actor) -> GreetingAudio:
        """Rename a recording. Raises: NotFound; ValidationFailed, also for a name that is taken."""
        await OrganizationService(self._session).lock(organization_id)
        row, after = await self.get(organization_id, audio_id), parse_new_name(name)
        if row.name != after:
            ensure_free_name(after, await self._names(organization_id, except_id=audio_id))
            before, row.name = row.name, after
            await self._session.flush()
            await self._record("greeting_audio.renamed", row, by, before={"name": before}, after={"name": after})
        return row

    async def remove(self, organization_id: UUID, audio_id: UUID, *, by: Actor) -> None:
        """Delete a recording that no greeting plays. Raises: NotFound, AudioInUse."""
        # Settings are saved under the same lock.
        await OrganizationService(self._session).lock(organization_id)
        row = await self.get(organization_id, audio_id)
        if audio_id in await self.used_ids(organization_id):
            raise AudioInUse
        await self._session.delete(row)
        await self._record("greeting_audio.removed", row, by)

    async def _names(self, organization_id: UUID, *, except_id: UUID | None = None) -> Sequence[str]:
        own_rows = sa.select(GreetingAudio.name).where(GreetingAudio.owned_by(organization_id))
        return (
            await self._session.scalars(
                own_rows if except_id is None else own_rows.where(GreetingAudio.id != except_id)
            )
        ).all()

    async def _record(self, action: str, row: GreetingAudio, by: Actor, **changed: Mapping[str, str]) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=row.organization_id,
            subject_id=row.id,
            subject_name=row.name,
            details=changed or {"seconds": row.seconds},
        )
