"""Outcomes of calls, in the settings section **Organization**: the form with the organization's list of outcomes."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.outcomes.rules import DEFAULT_COLOUR, MAX_OUTCOMES, Outcome, parse_outcome_name
from calls.outcomes.services import OutcomeService
from dashboard.formats import format_count
from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import SettingsRequest, render_settings
from kit.errors import ValidationFailed
from kit.http.forms import Form, read_form
from kit.parsing import parse_whole_number
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

_FIELDS = ("name", "colour", "place", "conversation")
_FORM_FIELDS = tuple(f"outcome-{field}-{row}" for row in range(MAX_OUTCOMES) for field in _FIELDS)
_EMPTY_ROWS = 3
_EXAMPLES = ("Meeting booked", "Call back later", "Left voicemail")
_COLOURS = ("#059669", "#d97706", "#64748b")


class OutcomeRow(msgspec.Struct, frozen=True):
    """One row of the form; the name of an unused row is empty."""

    name: str
    colour: str
    place: str
    counts_as_conversation: bool
    example: str = ""
    place_error: str = ""
    name_error: str = ""


async def section_context(_: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the outcomes."""
    outcomes = await OutcomeService(session).list_all(member.organization_id)
    return {
        "outcomes": outcomes,
        "outcome_rows": _rows(outcomes),
        "rows_of_form": _rows_of_form,
    }


class OutcomePages(Controller):
    """The form with the whole list of outcomes."""

    path = "/dashboard/{slug:str}/settings/outcomes"

    @post(guards=[requires_membership, requires_role(Role.ADMIN)])
    async def save(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, *_FORM_FIELDS), current_member(request)
        try:
            async with db_session.begin_nested():
                outcomes = await OutcomeService(db_session).replace(
                    member.organization_id, _parse_form(form), by=member.actor
                )
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.ORGANIZATION, form.refused(refusal))
        path = f"{settings_path(slug, SettingsSection.ORGANIZATION)}#outcomes"
        count = format_count(len(outcomes), "outcome")
        content = f"It has {count}" if outcomes else "It is empty: the phone asks for no outcome"
        return redirect(request, path, f"The list is saved. {content}")


def _parse_form(form: Form) -> list[Outcome]:
    """The outcomes that have a name, in the order of their places. Raises: ValidationFailed, with every wrong field."""
    placed: list[tuple[int, Outcome]] = []
    errors: list[tuple[str, str]] = []
    for index, row in _indexed_rows(form):
        if not row.name.strip():
            continue
        try:
            name = parse_outcome_name(row.name)
            place = parse_whole_number(row.place, max_digits=2) if row.place else MAX_OUTCOMES
        except ValidationFailed as refusal:
            errors += [(f"outcome-name-{index}", message) for _, message in refusal.errors]
        except ValueError:
            errors.append((f"outcome-place-{index}", "A place in the list is a whole number of at most 2 digits"))
        else:
            placed.append((place, Outcome(name, row.colour or DEFAULT_COLOUR, row.counts_as_conversation)))
    if errors:
        raise ValidationFailed(errors)
    return [outcome for _, outcome in sorted(placed, key=itemgetter(0))]


def _rows_of_form(form: Form) -> list[OutcomeRow]:
    """The rows that were sent."""
    return [row for _, row in _indexed_rows(form)]


def _indexed_rows(form: Form) -> Iterator[tuple[int, OutcomeRow]]:
    """The rows that were sent, each with the index in the names of its fields."""
    for index in range(MAX_OUTCOMES):
        name, colour, place, conversation = (form[f"outcome-{field}-{index}"] for field in _FIELDS)
        if name or colour or place or conversation:
            yield (
                index,
                OutcomeRow(
                    name=name,
                    colour=colour,
                    place=place,
                    counts_as_conversation=bool(conversation),
                    place_error=form.errors.get(f"outcome-place-{index}", ""),
                    name_error=form.errors.get(f"outcome-name-{index}", ""),
                ),
            )


def _rows(outcomes: Sequence[Outcome]) -> list[OutcomeRow]:
    """The rows of the stored outcomes, followed by empty rows for new ones."""
    rows = [
        OutcomeRow(outcome.name, outcome.colour, str(place), outcome.counts_as_conversation)
        for place, outcome in enumerate(outcomes, 1)
    ]
    for place in range(len(rows) + 1, min(len(rows) + _EMPTY_ROWS, MAX_OUTCOMES) + 1):
        colour = _COLOURS[(place - 1) % _EMPTY_ROWS]
        example = "" if outcomes else _EXAMPLES[place - 1]
        rows.append(OutcomeRow("", colour, str(place), counts_as_conversation=False, example=example))
    return rows
