"""Settings section **Incoming calls**: hours, greetings, phones that calls are forwarded to, and voicemail.

The forms save the settings of the organization or, with a number's id in the path, the settings of that number.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.audio_decoder_process import MAX_FILE_BYTES, MAX_SECONDS
from calls.greetings.services import MAX_RECORDINGS, GreetingAudioService
from calls.incoming.answer_settings import AnswerSettings, UnplayedTexts, Weekday, holiday_countries
from calls.incoming.audit_texts import DAY_NAMES, FORWARD_MODE_NAMES, hours_text
from calls.incoming.controllers import save_settings
from calls.incoming.prompts import DEFAULT_LANGUAGE, LANGUAGES
from calls.incoming.rules import MAX_FORWARD_NUMBERS, MAX_NOTIFIED
from calls.incoming.settings_service import IncomingSettingsService
from calls.incoming.transcripts import LONGEST_SECONDS, SHORTEST_SECONDS, is_transcribable_language
from calls.limits.prices import PRICE_LIST
from dashboard.greeting_recordings import REMOVE_EFFECT
from dashboard.guards import requires_membership
from dashboard.incoming_calls_forms import (
    GREETING_FIELDS,
    HOURS_FIELDS,
    PHONES_FIELDS,
    VOICEMAIL_FIELDS,
    WHOLE_FORM,
    apply_greetings,
    apply_hours,
    apply_phones,
    apply_voicemail,
    rename_error_fields,
    unplayed_texts_of,
)
from dashboard.incoming_calls_notices import (
    closed_days,
    greeting_notice,
    hours_notice,
    phones_notice,
    silent_phones,
    silent_sentences,
    voicemail_notice,
)
from dashboard.missed_call_mails import DIGEST_CHOICES, members_to_mail
from dashboard.pages import redirect
from dashboard.recording_names import recording_choices, recording_labels
from dashboard.settings import Section, SettingsRequest, register, render_settings
from kit.countries import country_name
from kit.db.paging import MAX_LIMIT
from kit.errors import ValidationFailed
from kit.http.forms import Form, UnexpectedFields, ensure_valid_text, read_form
from kit.money import Money
from kit.time_zones import zone_choices
from phone_numbers.services import PhoneNumberService
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.members import MemberService
from tenants.models import Role
from tenants.plans import WIDGET_PLANS
from tenants.services import OrganizationService
from tenants.settings_paths import SettingsSection, settings_path

DELETE_SETTINGS_EFFECT = "Calls to this number are then answered by the organization's settings."
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]
_FORWARD_MODE_CHOICES = list(FORWARD_MODE_NAMES.items())


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section, or of one number if its id is in the path. Raises: NotFound."""
    service, number_id = IncomingSettingsService(session), _number_id(request)
    numbers = await PhoneNumberService(session).list_held(member.organization_id, after=None, limit=MAX_LIMIT)
    with_own_settings = await service.list_own(member.organization_id)
    own_settings = None if number_id is None else await service.get_of_number(member.organization_id, number_id)
    settings = own_settings or await service.get(member.organization_id)
    silent = await silent_phones(request, session, settings)
    greeting = settings.greeting or settings.after_hours.greeting
    audio = GreetingAudioService(session)
    recordings = await audio.page(member.organization_id, after=None, limit=MAX_RECORDINGS)
    # A code without a name is an alias, such as UK; one that was saved by the API stays in the list.
    named = ((code, country_name(code)) for code in holiday_countries())
    selectable = (row for row in named if row[0] != row[1] or row[0] == settings.holidays.country)
    countries = sorted(selectable, key=lambda row: row[1])
    return {
        "may_change": member.role.rank >= Role.ADMIN.rank,
        "has_plan": member.plan in WIDGET_PLANS,
        "settings": settings,
        "unplayed_texts": await service.unplayed_texts(
            member.organization_id, None if own_settings is None else number_id
        ),
        "base_url": incoming_settings_path(request.path_params["slug"], number_id),
        "number": next((number for number in numbers if number.id == number_id), None),
        "has_own_settings": own_settings is not None,
        "numbers": [(number, number.e164 in with_own_settings) for number in numbers],
        "delete_settings_effect": DELETE_SETTINGS_EFFECT,
        "silent_phones": silent,
        "silent_sentences": silent_sentences(silent),
        "closed_days": closed_days(settings),
        "recording_names": recording_labels(recordings, member.zone),
        "days": [(day.value, DAY_NAMES[day], hours_text(settings.hours, day)) for day in Weekday],
        "zones": [(name, name.replace("_", " ")) for name in zone_choices(member.country, settings.time_zone or "")],
        "holiday_countries": [("", "None"), *countries],
        "languages": list(LANGUAGES.items()),
        "language": (language := DEFAULT_LANGUAGE if greeting is None else greeting.spoken_language),
        "untranscribed_language": None if is_transcribable_language(language) else LANGUAGES.get(language, language),
        "transcription_price": str(Money(PRICE_LIST.get(request.app).transcription)),
        "transcribed_seconds": (SHORTEST_SECONDS, LONGEST_SECONDS),
        "forward_modes": _FORWARD_MODE_CHOICES,
        "recordings": recordings,
        "remove_effect": REMOVE_EFFECT,
        "used_recordings": await audio.used_ids(member.organization_id),
        "recording_choices": [("", "None: the text"), *recording_choices(recordings, member.zone)],
        "audio_url": f"/api/organizations/{member.organization_id}/audio",
        "max_bytes": MAX_FILE_BYTES,
        "max_seconds": MAX_SECONDS,
        "max_phones": MAX_FORWARD_NUMBERS,
        "digest_choices": DIGEST_CHOICES,
        "digest_members": await members_to_mail(session, member),
        "members_to_notify": [
            (
                str(team_member.membership.id),
                team_member.name or team_member.email,
                team_member.membership.id in settings.notify,
            )
            for team_member in await MemberService(session).list_members(
                member.organization_id, after=None, limit=MAX_NOTIFIED - 1
            )
        ],
    }


register(
    Section(
        SettingsSection.INCOMING_CALLS,
        "incoming-calls",
        "Incoming calls",
        "settings/_incoming_calls.html",
        section_context,
        has_recordings=True,
    )
)


NOTIFY_FIELD_PREFIX = "notify-"
"""Prefix of the fields that choose the members who get a mail about each voicemail; the member's id follows."""


class IncomingCallPages(Controller):
    """The forms; each saves its part of the settings and leaves the others.

    The forms of one number have its id in their path.
    """

    path = "/dashboard/{slug:str}/settings/incoming-calls"
    guards = _ADMIN

    @post(["/hours", "/{number_id:uuid}/hours"])
    async def save_hours(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, *HOURS_FIELDS)
        return await _save(
            request, db_session, slug, form, apply_hours, {"holidays": "days", "hours": WHOLE_FORM}, hours_notice
        )

    @post(["/greeting", "/{number_id:uuid}/greeting"])
    async def save_greeting(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, *GREETING_FIELDS)
        return await _save(
            request,
            db_session,
            slug,
            form,
            apply_greetings,
            {"after_hours": "later_greeting", "press_9": WHOLE_FORM},
            greeting_notice,
            unplayed_texts_of,
        )

    @post(["/phones", "/{number_id:uuid}/phones"])
    async def save_phones(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, *PHONES_FIELDS)
        return await _save(
            request, db_session, slug, form, apply_phones, {"after_hours": "later_forward_to"}, phones_notice
        )

    @post(["/voicemail", "/{number_id:uuid}/voicemail"])
    async def save_voicemail(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        members = await MemberService(db_session).list_members(
            current_member(request).organization_id, after=None, limit=MAX_NOTIFIED - 1
        )
        member_ids = {
            f"{NOTIFY_FIELD_PREFIX}{team_member.membership.id}": team_member.membership.id for team_member in members
        }
        fields = (*VOICEMAIL_FIELDS, *member_ids)
        try:
            form = await read_form(request, *fields)
        except UnexpectedFields as refusal:
            if not all(name.startswith(NOTIFY_FIELD_PREFIX) for name in refusal.names):
                raise
            url = incoming_settings_path(slug, _number_id(request))
            return redirect(request, url, "The list of members changed meanwhile. Choose again", is_problem=True)
        return await _save(
            request,
            db_session,
            slug,
            form,
            lambda form, settings: apply_voicemail(form, settings, member_ids),
            dict.fromkeys(fields, WHOLE_FORM),
            voicemail_notice,
        )


async def _save(
    request: SettingsRequest,
    session: AsyncSession,
    slug: str,
    form: Form,
    change: Callable[[Form, AnswerSettings], AnswerSettings],
    error_fields: Mapping[str, str],
    notice: Callable[[AnswerSettings, Mapping[str, str]], str],
    parse_texts: Callable[[Form], UnplayedTexts] | None = None,
) -> Response[str]:
    """Save the part of the settings that ``change`` reads from ``form``.

    ``error_fields`` has the form field that shows the errors of a setting, where the two have different names.
    """
    member, service, number_id = current_member(request), IncomingSettingsService(session), _number_id(request)
    # Lock before reading the settings: of two forms sent at the same time, neither may overwrite the other's change.
    await OrganizationService(session).lock(member.organization_id)
    before = None if number_id is None else await service.get_of_number(member.organization_id, number_id)
    if before is None and number_id is not None:
        # Somebody else deleted the number's settings while the form was open.
        return redirect(
            request, incoming_settings_path(slug, number_id), "This number has no settings of its own", is_problem=True
        )
    try:
        ensure_valid_text(form)
        changed = change(form, before or await service.get(member.organization_id))
        unplayed = None if parse_texts is None else parse_texts(form)
        async with session.begin_nested():
            after = await save_settings(
                request, session, member.organization_id, changed, number_id=number_id, unplayed=unplayed
            )
    except ValidationFailed as refusal:
        refused = form.refused(rename_error_fields(refusal, error_fields))
        return await render_settings(request, session, SettingsSection.INCOMING_CALLS, refused)
    return redirect(
        request, incoming_settings_path(slug, number_id), notice(after, await silent_phones(request, session, after))
    )


def _number_id(request: SettingsRequest) -> UUID | None:
    """The id of the number whose settings the path names; None for the organization's settings."""
    number_id: UUID | None = request.path_params.get("number_id")
    return number_id


def incoming_settings_path(slug: str, number_id: UUID | None) -> str:
    """The path of the page of the organization's settings, or of one number's settings."""
    path = settings_path(slug, SettingsSection.INCOMING_CALLS)
    return path if number_id is None else f"{path}/{number_id}"
