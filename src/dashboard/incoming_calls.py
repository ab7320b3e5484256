"""Settings section **Incoming calls**: hours, greeting, the phones that calls are forwarded to, and voicemail."""

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
    at_fields,
    greeting_of,
    hours_of,
    phones_of,
    unplayed_texts_of,
    voicemail_of,
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
from dashboard.missed_mails import DIGEST_CHOICES, members_to_mail
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

FOLLOW_EFFECT = "Calls to it are then answered by the settings of your other numbers."
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]
_MODES = list(FORWARD_MODE_NAMES.items())


async def section_context(request: SettingsRequest, session: AsyncSession, who: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section, or of one number where the path names it. Raises: NotFound."""
    service, number_id = IncomingSettingsService(session), _number_id(request)
    numbers = await PhoneNumberService(session).list_held(who.organization_id, after=None, limit=MAX_LIMIT)
    own = await service.list_own(who.organization_id)
    of_number = None if number_id is None else await service.get_of_number(who.organization_id, number_id)
    now = of_number or await service.get(who.organization_id)
    silent = await silent_phones(request, session, now)
    spoken = now.greeting or now.after_hours.greeting
    audio = GreetingAudioService(session)
    recordings = await audio.page(who.organization_id, after=None, limit=MAX_RECORDINGS)
    countries = sorted(((code, country_name(code)) for code in holiday_countries()), key=lambda row: row[1])
    return {
        "may_change": who.role.rank >= Role.ADMIN.rank,
        "has_plan": who.plan in WIDGET_PLANS,
        "now": now,
        "unplayed": await service.unplayed_texts(who.organization_id, None if of_number is None else number_id),
        "base": incoming_path(request.path_params["slug"], number_id),
        "number": next((number for number in numbers if number.id == number_id), None),
        "follows": of_number is None,
        "numbers": [(number, number.e164 in own) for number in numbers],
        "follow_effect": FOLLOW_EFFECT,
        "silent": silent,
        "silent_sentences": silent_sentences(silent),
        "closed": closed_days(now),
        "recording_names": recording_labels(recordings, who.zone),
        "days": [(day.value, DAY_NAMES[day], hours_text(now.hours, day)) for day in Weekday],
        "zones": [(name, name.replace("_", " ")) for name in zone_choices(who.country, now.time_zone or "")],
        "holiday_countries": [("", "None"), *countries],
        "languages": list(LANGUAGES.items()),
        "language": (language := DEFAULT_LANGUAGE if spoken is None else spoken.spoken_language),
        "unwritten_language": None if is_transcribable_language(language) else LANGUAGES.get(language, language),
        "transcription_price": str(Money(PRICE_LIST.get(request.app).transcription)),
        "transcribed_seconds": (SHORTEST_SECONDS, LONGEST_SECONDS),
        "modes": _MODES,
        "recordings": recordings,
        "remove_effect": REMOVE_EFFECT,
        "used": await audio.used_ids(who.organization_id),
        "recording_choices": [("", "None: the text"), *recording_choices(recordings, who.zone)],
        "audio": f"/api/organizations/{who.organization_id}/audio",
        "max_bytes": MAX_FILE_BYTES,
        "max_seconds": MAX_SECONDS,
        "most": MAX_FORWARD_NUMBERS,
        "digests": DIGEST_CHOICES,
        "mailed": await members_to_mail(session, who),
        "members": [
            (str(member.membership.id), member.name or member.email, member.membership.id in now.notify)
            for member in await MemberService(session).list_members(
                who.organization_id, after=None, limit=MAX_NOTIFIED - 1
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


BOX_OF_MEMBER = "notify-"
"""Begins the name of the box of each member who may be mailed."""


class IncomingCallPages(Controller):
    """Forms of the incoming calls; each saves its part and leaves the others.

    Those of one number have its id in their path.
    """

    path = "/dashboard/{slug:str}/settings/incoming-calls"
    guards = _ADMIN

    @post(["/hours", "/{number_id:uuid}/hours"])
    async def save_hours(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form = await read_form(request, *HOURS_FIELDS)
        return await _save(
            request, db_session, slug, form, hours_of, {"holidays": "days", "hours": WHOLE_FORM}, hours_notice
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
            greeting_of,
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
            request, db_session, slug, form, phones_of, {"after_hours": "later_forward_to"}, phones_notice
        )

    @post(["/voicemail", "/{number_id:uuid}/voicemail"])
    async def save_voicemail(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        members = await MemberService(db_session).list_members(
            current_member(request).organization_id, after=None, limit=MAX_NOTIFIED - 1
        )
        ids = {f"{BOX_OF_MEMBER}{member.membership.id}": member.membership.id for member in members}
        boxes = (*VOICEMAIL_FIELDS, *ids)
        try:
            form = await read_form(request, *boxes)
        except UnexpectedFields as refusal:
            if not all(name.startswith(BOX_OF_MEMBER) for name in refusal.names):
                raise
            url = incoming_path(slug, _number_id(request))
            return redirect(request, url, "The list of members changed meanwhile. Choose again", is_problem=True)
        return await _save(
            request,
            db_session,
            slug,
            form,
            lambda form, now: voicemail_of(form, now, ids),
            dict.fromkeys(boxes, WHOLE_FORM),
            voicemail_notice,
        )


async def _save(
    request: SettingsRequest,
    session: AsyncSession,
    slug: str,
    form: Form,
    change: Callable[[Form, AnswerSettings], AnswerSettings],
    fields: Mapping[str, str],
    notice: Callable[[AnswerSettings, Mapping[str, str]], str],
    texts: Callable[[Form], UnplayedTexts] | None = None,
) -> Response[str]:
    """Save the part of the settings that ``change`` reads from ``form``; ``fields`` has the fields of its errors."""
    who, service, number_id = current_member(request), IncomingSettingsService(session), _number_id(request)
    # Before the settings are read: of forms that are sent at once, each changes what the other one left.
    await OrganizationService(session).lock(who.organization_id)
    now = None if number_id is None else await service.get_of_number(who.organization_id, number_id)
    if now is None and number_id is not None:
        # Somebody else deleted the number's settings while the form was open.
        return redirect(
            request, incoming_path(slug, number_id), "This number has no settings of its own", is_problem=True
        )
    try:
        ensure_valid_text(form)
        given = change(form, now or await service.get(who.organization_id))
        unplayed = None if texts is None else texts(form)
        async with session.begin_nested():
            after = await save_settings(
                request, session, who.organization_id, given, number_id=number_id, unplayed=unplayed
            )
    except ValidationFailed as refusal:
        refused = form.refused(at_fields(refusal, fields))
        return await render_settings(request, session, SettingsSection.INCOMING_CALLS, refused)
    return redirect(
        request, incoming_path(slug, number_id), notice(after, await silent_phones(request, session, after))
    )


def _number_id(request: SettingsRequest) -> UUID | None:
    """The number whose settings the request is about; None for those of the organization."""
    number_id: UUID | None = request.path_params.get("number_id")
    return number_id


def incoming_path(slug: str, number_id: UUID | None) -> str:
    """The page of the settings, or of one number's."""
    path = settings_path(slug, SettingsSection.INCOMING_CALLS)
    return path if number_id is None else f"{path}/{number_id}"
