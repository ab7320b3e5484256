"""Notices after settings of incoming calls are saved: the effect of the settings, and the phones that do not ring."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.answer_settings import AnswerSettings
from calls.incoming.called_numbers import CalledNumberLookup
from calls.incoming.rules import ForwardRules, forward_refusal
from calls.limits.services import CallingRulesService
from dashboard.settings import SettingsRequest
from kit.countries import country_in_sentence
from kit.e164 import readable
from kit.http.app_key import DATABASE
from tenants.auth import current_member

SilentPhones = Mapping[str, str]
"""The reason why a phone does not ring, by the phone's number in E.164."""


async def silent_phones(request: SettingsRequest, session: AsyncSession, settings: AnswerSettings) -> SilentPhones:
    """The phones of ``settings`` to which calls are not forwarded at present."""
    if not (phones := dict.fromkeys((*settings.forward_to, *settings.after_hours.forward_to))):
        return {}
    rules = await CallingRulesService(session).get(current_member(request).organization_id)
    held_numbers = await CalledNumberLookup(DATABASE.get(request.app)).held_among(phones)
    forward_rules = ForwardRules(rules.country, rules.callable_countries, rules.blocked_numbers, held_numbers)
    reasons = {phone: forward_refusal(phone, forward_rules) for phone in phones}
    return {phone: reason for phone, reason in reasons.items() if reason is not None}


def closed_days(settings: AnswerSettings) -> Sequence[str]:
    """The closed days as texts: public holidays, and single days."""
    country = settings.holidays.country
    holidays = [] if country is None else [f"Public holidays of {country_in_sentence(country)}"]
    return [*holidays, *([", ".join(settings.holidays.days)] if settings.holidays.days else [])]


def silent_sentences(silent: SilentPhones) -> Sequence[str]:
    """A sentence about each phone that does not ring, without a full stop."""
    return [f"{readable(phone)} does not ring: {reason[:1].lower()}{reason[1:]}" for phone, reason in silent.items()]


def hours_notice(after: AnswerSettings, _: SilentPhones) -> str:
    if not after.hours:
        return "Hours saved: calls are answered at any time, except on the closed days"
    days = len({hours.day for hours in after.hours})
    return f"Hours saved: open on {days} day{'' if days == 1 else 's'} of the week, in {after.time_zone}"


def greeting_notice(after: AnswerSettings, _: SilentPhones) -> str:
    effect = "callers hear your greeting" if after.greeting is not None else "callers hear the standard greeting"
    if after.greeting is not None and after.greeting.recording_id is not None:
        effect = "callers hear your recording"
    return f"Greeting saved: {effect}{', and may press 9' if after.press_9 else ''}"


def phones_notice(after: AnswerSettings, silent: SilentPhones) -> str:
    if not after.forward_to and not after.after_hours.forward_to:
        return "Phones saved: no phone rings, callers hear the greeting and a goodbye"
    count = len([phone for phone in after.forward_to if phone not in silent])
    effect = f"Phones saved: {count} phone{'' if count == 1 else 's'} will ring"
    if after.after_hours.forward_to:
        later = len([phone for phone in after.after_hours.forward_to if phone not in silent])
        effect = f"{effect}, {later} outside the hours"
    return effect if not silent else f"{effect}. {'. '.join(silent_sentences(silent))}"


def voicemail_notice(after: AnswerSettings, _: SilentPhones) -> str:
    if not after.voicemail and not after.after_hours.voicemail:
        return "Voicemail saved: callers cannot leave a message"
    when = "" if after.voicemail and after.after_hours.voicemail else " outside the hours"
    if after.voicemail and not after.after_hours.voicemail:
        when = " within the hours"
    count = len(after.notify)
    mailed = f"{count} member{' gets' if count == 1 else 's get'} a mail" if count else "nobody gets a mail"
    transcribed = ". Voicemails in English are transcribed" if after.is_transcription_requested else ""
    return f"Voicemail saved: callers can leave a message{when}, and {mailed}{transcribed}"
