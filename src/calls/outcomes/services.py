"""Reads and changes an organization's list of outcomes, and the outcome, note and tags of its calls."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call
from calls.outcomes.errors import CallErased, OutcomeTooLate, RemarksChanged
from calls.outcomes.models import CallChange, ChangeSource
from calls.outcomes.rules import Outcome, parse_note, parse_outcomes, parse_tags
from calls.outcomes.shown_values import fields_changed_since
from kit.actor import Actor, ActorKind
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from tenants.models import Organization
from tenants.services import OrganizationService

PHONE_PERIOD = dt.timedelta(hours=24)
"""The time after a call's end in which the widget that placed it may set its outcome, note and tags."""
MAX_KEPT_CHANGES = 50
"""Changes that are kept of one call; older ones are deleted, so that a page cannot fill the table."""


class Remarks(msgspec.Struct, frozen=True):
    """New values of a call's outcome, note and tags: UNSET fields stay, None and an empty list remove the value."""

    outcome: str | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    tags: Sequence[str] | UnsetType | None = UNSET


class Author(msgspec.Struct, frozen=True):
    """The person or API key that makes a change."""

    source: ChangeSource
    name: str | None

    @classmethod
    def of(cls, actor: Actor) -> "Author":
        is_key = actor.kind is ActorKind.API_KEY
        return cls(ChangeSource.API_KEY if is_key else ChangeSource.USER, actor.name)


class OutcomeService:
    """An organization's list of outcomes."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_all(self, organization_id: UUID) -> list[Outcome]:
        """The outcomes in the organization's order. Raises: NotFound."""
        stored = await self._session.scalar(
            sa.select(Organization.call_outcomes).where(Organization.id == organization_id)
        )
        if stored is None:
            raise NotFound
        return msgspec.convert(stored, list[Outcome])

    async def replace(self, organization_id: UUID, outcomes: Sequence[Outcome], *, by: Actor) -> list[Outcome]:
        """Replace the list. Calls keep removed outcomes. Raises: NotFound, ValidationFailed."""
        await OrganizationService(self._session).lock(organization_id)
        before, after = await self.list_all(organization_id), parse_outcomes(outcomes)
        if after != before:
            await self._session.execute(
                sa.update(Organization)
                .where(Organization.id == organization_id)
                .values(call_outcomes=msgspec.to_builtins(after))
            )
            details = {"before": [row.name for row in before], "after": [row.name for row in after]}
            await record(
                self._session,
                by,
                "call_outcomes.changed",
                organization_id=organization_id,
                subject_id=organization_id,
                details=details,
            )
        return after


class RemarkService:
    """The outcome, note and tags of calls, and the history of their changes."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def change(
        self,
        organization_id: UUID,
        call_id: UUID,
        remarks: Remarks,
        author: Author,
        *,
        shown: Mapping[str, str] | None = None,
    ) -> Call:
        """Change the fields that are set in ``remarks``; ``shown`` has fingerprints of the values that the author saw.

        Raises:
            NotFound, CallErased.
            ValidationFailed: with every invalid field.
            RemarksChanged: somebody else changed fields of ``shown`` since, to other values than those of ``remarks``.
        """
        call = await self._lock(Call.owned_by(organization_id), Call.id == call_id)
        return await self._write(call, remarks, author, shown or {})

    async def change_from_phone(self, organization_id: UUID, token_id: UUID, call_id: UUID, remarks: Remarks) -> Call:
        """As ``change``, for the widget that placed the call; ``call_id`` is the widget's id of the call.

        Raises: NotFound, OutcomeTooLate, CallErased, ValidationFailed.
        """
        call = await self._lock(Call.owned_by(organization_id), Call.token_id == token_id, Call.call_id == call_id)
        if call.ended_at is not None and utc_now() > call.ended_at + PHONE_PERIOD:
            raise OutcomeTooLate
        return await self._write(call, remarks, Author(ChangeSource.PHONE, call.agent), {})

    async def history(self, organization_id: UUID, call_id: UUID) -> Sequence[CallChange]:
        """The stored changes of a call, newest first."""
        query = (
            sa.select(CallChange)
            .where(CallChange.owned_by(organization_id), CallChange.call_record_id == call_id)
            .order_by(CallChange.id.desc())
        )
        return (await self._session.scalars(query)).all()

    async def _lock(self, *conditions: sa.ColumnElement[bool]) -> Call:
        query = sa.select(Call).where(*conditions).order_by(Call.id).limit(1)
        call: Call | None = await self._session.scalar(query.with_for_update())
        if call is None:
            raise NotFound
        return call

    async def _write(self, call: Call, remarks: Remarks, author: Author, shown: Mapping[str, str]) -> Call:
        if call.erased_at is not None:
            raise CallErased
        outcome, note, tags = await self._parse(call, remarks)
        new_values = {"outcome": outcome, "note": note, "tags": tags}
        overwritten = [
            field for field in fields_changed_since(call, shown) if new_values[field] != getattr(call, field)
        ]
        if overwritten:
            raise RemarksChanged(overwritten)
        if (outcome, note, tags) == (call.outcome, call.note, call.tags):
            return call
        call.outcome, call.note, call.tags = outcome, note, tags
        call.version += call.has_ended
        self._session.add(
            CallChange(
                organization_id=call.organization_id,
                call_record_id=call.id,
                source=author.source.value,
                author=author.name,
                outcome=outcome,
                note=note,
                tags=tags,
            )
        )
        await self._session.flush()
        await self._delete_old_changes(call)
        return call

    async def _parse(self, call: Call, remarks: Remarks) -> tuple[str | None, str | None, list[str] | None]:
        errors: list[tuple[str, str]] = []
        outcome, note, tags = call.outcome, call.note, call.tags
        try:
            outcome = await self._parse_outcome(call, remarks.outcome)
        except ValidationFailed as error:
            errors += error.errors
        try:
            note = note if isinstance(remarks.note, UnsetType) else parse_note(remarks.note)
        except ValidationFailed as error:
            errors += error.errors
        try:
            tags = tags if isinstance(remarks.tags, UnsetType) else parse_tags(remarks.tags)
        except ValidationFailed as error:
            errors += error.errors
        if errors:
            raise ValidationFailed(errors)
        return outcome, note, tags

    async def _parse_outcome(self, call: Call, given: str | UnsetType | None) -> str | None:
        """The outcome to store: one of the organization's list, or the call's present one."""
        if isinstance(given, UnsetType) or given == call.outcome:
            return call.outcome
        if given is None or not given.strip():
            return None
        listed = [row.name for row in await OutcomeService(self._session).list_all(call.organization_id)]
        name = " ".join(given.split())
        if name in listed:
            return name
        message = f"Not one of the outcomes: {', '.join(listed)}" if listed else "This organization has no outcomes"
        raise ValidationFailed([("outcome", message)])

    async def _delete_old_changes(self, call: Call) -> None:
        own_rows = CallChange.owned_by(call.organization_id), CallChange.call_record_id == call.id
        kept = sa.select(CallChange.id).where(*own_rows).order_by(CallChange.id.desc()).limit(MAX_KEPT_CHANGES)
        await self._session.execute(
            sa.delete(CallChange).where(*own_rows, CallChange.id.not_in(kept)),
            execution_options={"synchronize_session": False},
        )
