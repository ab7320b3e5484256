"""Reads and changes an organization's settings of incoming calls."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.models import GreetingAudio
from calls.incoming.answer_settings import AnswerSettings, Greeting, UnplayedTexts
from calls.incoming.flow import UNCONFIGURED
from calls.incoming.models import IncomingCallSettings
from calls.incoming.rules import ForwardRules, greeting_recordings, parse_settings
from calls.limits.services import CallingRulesService
from kit.actor import Actor
from kit.audit import record
from kit.stored_json import read_stored
from phone_numbers.services import PhoneNumberService, is_held_by
from tenants.models import Membership, Organization, PhoneNumber
from tenants.services import OrganizationService

_UNPLAYED_TEXTS_KEY = "unplayed_texts"
"""Key of ``UnplayedTexts`` in the stored settings; the API does not return it."""
_FIELDS_WITHOUT_VALUES = ("forward_to", "after_hours", "greeting")
"""Fields with other people's numbers or long texts: an audit event contains their names, but not their values."""


class IncomingSettingsService:
    """Settings of incoming calls, of an organization and of its numbers."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, organization_id: UUID) -> AnswerSettings:
        """The settings of the organization's numbers, with its time zone where none is chosen. Raises: NotFound."""
        organization = await OrganizationService(self._session).get(organization_id)
        stored = await self._find(organization_id, None)
        return await self._to_response(organization, UNCONFIGURED if stored is None else stored)

    async def get_of_number(self, organization_id: UUID, number_id: UUID) -> AnswerSettings | None:
        """One number's own settings; None when it follows the organization's. Raises: NotFound."""
        organization = await OrganizationService(self._session).get(organization_id)
        await PhoneNumberService(self._session).get_held(organization_id, number_id)
        stored = await self._find(organization_id, number_id)
        return None if stored is None else await self._to_response(organization, stored)

    async def list_own(self, organization_id: UUID) -> Mapping[str, AnswerSettings]:
        """The settings of held numbers that have their own, by number (E.164)."""
        query = (
            sa.select(PhoneNumber.e164, IncomingCallSettings.settings)
            .join(IncomingCallSettings, IncomingCallSettings.phone_number_id == PhoneNumber.id)
            .where(*is_held_by(organization_id), IncomingCallSettings.owned_by(organization_id))
            .order_by(PhoneNumber.id)
        )
        return {e164: read_settings(stored) for e164, stored in await self._session.execute(query)}

    async def unplayed_texts(self, organization_id: UUID, number_id: UUID | None) -> UnplayedTexts:
        """The stored texts of greetings that play recordings, of the organization's settings or of one number's own."""
        row = await self._session.scalar(_settings_query(organization_id, number_id))
        return UnplayedTexts() if row is None else _unplayed_texts(row.settings)

    async def save(
        self,
        organization_id: UUID,
        given: AnswerSettings,
        *,
        product_numbers: Collection[str],
        by: Actor,
        number_id: UUID | None = None,
        unplayed: UnplayedTexts | None = None,
    ) -> AnswerSettings:
        """Replace the settings of the organization, or of one number.

        ``product_numbers`` are the forward numbers that an organization of this service holds. Settings that were read
        can be saved unchanged: phones that a calling rule forbids now, and hours that overlap, are accepted if they are
        stored already. Without ``unplayed`` the stored texts of recorded greetings stay.

        Raises: NotFound, ValidationFailed.
        """
        organizations = OrganizationService(self._session)
        await organizations.lock(organization_id)
        organization = await organizations.get(organization_id)
        number = await self._number(organization_id, number_id)
        row = await self._session.scalar(_settings_query(organization_id, number_id))
        before = None if row is None else read_settings(row.settings)
        rules = await CallingRulesService(self._session).get(organization_id)
        # A number's first own settings are usually a copy of the organization's with a change.
        organization_row = await self._session.scalar(_settings_query(organization_id, None)) if row is None else None
        source_row = row or organization_row
        source = None if source_row is None else read_settings(source_row.settings)
        stored_phones = () if source is None else (*source.forward_to, *source.after_hours.forward_to)
        forward = ForwardRules(
            rules.country, rules.callable_countries, rules.blocked_numbers, product_numbers, stored_phones
        )
        recordings = await self._recordings(organization_id, given)
        members, hours = await self._member_ids(organization_id), () if source is None else source.hours
        after = parse_settings(given, forward, members, recordings, stored_hours=hours)
        former = UnplayedTexts() if row is None else _unplayed_texts(row.settings)
        if unplayed is None:
            unplayed = UnplayedTexts() if source_row is None else _unplayed_texts(source_row.settings)
        texts = UnplayedTexts(
            greeting=unplayed.greeting if _is_recording(after.greeting) else "",
            after_hours=unplayed.after_hours if _is_recording(after.after_hours.greeting) else "",
        )
        values = {**msgspec.to_builtins(after), _UNPLAYED_TEXTS_KEY: msgspec.to_builtins(texts)}
        if row is None:
            self._session.add(
                IncomingCallSettings(organization_id=organization_id, phone_number_id=number_id, settings=values)
            )
        else:
            row.settings = values
        await self._session.flush()
        await self._record(organization_id, number, before, after, _changed_texts(former, texts), by)
        return await self._to_response(organization, after)

    async def follow_organization(self, organization_id: UUID, number_id: UUID, *, by: Actor) -> None:
        """Delete a number's own settings, so that it uses the organization's. Raises: NotFound."""
        number = await self._number(organization_id, number_id)
        row = await self._session.scalar(_settings_query(organization_id, number_id))
        if row is None or number is None:
            return
        await self._session.delete(row)
        await record(
            self._session,
            by,
            "incoming_calls.changed",
            organization_id=organization_id,
            subject_id=number.id,
            subject_name=number.e164,
            details={"changed": ["follows_organization"]},
        )

    async def _number(self, organization_id: UUID, number_id: UUID | None) -> PhoneNumber | None:
        if number_id is None:
            return None
        return await PhoneNumberService(self._session).get_held(organization_id, number_id)

    async def _find(self, organization_id: UUID, number_id: UUID | None) -> AnswerSettings | None:
        row = await self._session.scalar(_settings_query(organization_id, number_id))
        return None if row is None else read_settings(row.settings)

    async def _to_response(self, organization: Organization, settings: AnswerSettings) -> AnswerSettings:
        members = await self._member_ids(organization.id) if settings.notify else frozenset()
        return msgspec.structs.replace(
            settings,
            time_zone=settings.time_zone or organization.zone.key,
            # Without former members, so that the settings can be saved again unchanged.
            notify=[member_id for member_id in settings.notify if member_id in members],
        )

    async def _member_ids(self, organization_id: UUID) -> Collection[UUID]:
        return frozenset(
            await self._session.scalars(sa.select(Membership.id).where(Membership.owned_by(organization_id)))
        )

    async def _recordings(self, organization_id: UUID, given: AnswerSettings) -> Collection[UUID]:
        """The ids of recordings that ``given`` refers to and the organization has."""
        if not (recording_ids := greeting_recordings(given)):
            return frozenset()
        own_rows = GreetingAudio.owned_by(organization_id), GreetingAudio.id.in_(recording_ids)
        return frozenset(await self._session.scalars(sa.select(GreetingAudio.id).where(*own_rows)))

    async def _record(
        self,
        organization_id: UUID,
        number: PhoneNumber | None,
        before: AnswerSettings | None,
        after: AnswerSettings,
        changed_texts: Mapping[str, bool],
        by: Actor,
    ) -> None:
        old, new = msgspec.to_builtins(before or UNCONFIGURED), msgspec.to_builtins(after)
        # A field that is UNSET is in neither of them.
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        with_values = [name for name in changed if name not in _FIELDS_WITHOUT_VALUES]
        # A text that changes together with its recording is part of the change of the greeting.
        changed += [f"{name}_text" for name, is_changed in changed_texts.items() if is_changed and name not in changed]
        if not changed and before is not None:
            return
        await record(
            self._session,
            by,
            "incoming_calls.changed",
            organization_id=organization_id,
            subject_id=organization_id if number is None else number.id,
            subject_name="" if number is None else number.e164,
            details={
                "changed": changed,
                "before": {name: old.get(name) for name in with_values},
                "after": {name: new.get(name) for name in with_values},
            },
        )


def read_settings(stored: dict[str, object]) -> AnswerSettings:
    """The settings in a stored JSON object, without fields that only a newer release knows."""
    return read_stored({name: value for name, value in stored.items() if name != _UNPLAYED_TEXTS_KEY}, AnswerSettings)


def _changed_texts(before: UnplayedTexts, after: UnplayedTexts) -> Mapping[str, bool]:
    """For each setting whose greeting may have an unplayed text: True if that text changed."""
    return {"greeting": before.greeting != after.greeting, "after_hours": before.after_hours != after.after_hours}


def _is_recording(greeting: Greeting | None) -> bool:
    return greeting is not None and greeting.recording_id is not None


def _unplayed_texts(stored: dict[str, object]) -> UnplayedTexts:
    return read_stored(stored.get(_UNPLAYED_TEXTS_KEY, {}), UnplayedTexts)


def _settings_query(organization_id: UUID, number_id: UUID | None) -> sa.Select[IncomingCallSettings]:
    of_number = IncomingCallSettings.phone_number_id
    return sa.select(IncomingCallSettings).where(
        IncomingCallSettings.owned_by(organization_id),
        of_number.is_(None) if number_id is None else of_number == number_id,
    )
