"""Notices after settings of incoming calls are saved: their effect, and the phones that do not ring."""

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

Silent = Mapping[str, str]
"""The reason of each phone, E.164, that does not ring."""


async def silent_phones(request: SettingsRequest, session: AsyncSession, now: AnswerSettings) -> Silent:
    """The phones of ``now`` to which calls are not forwarded at present."""
    if not (phones := dict.fromkeys((*now.forward_to, *now.after_hours.forward_to))):
        return {}
    rules = await CallingRulesService(session).get(current_member(request).organization_id)
    held = await CalledNumberLookup(DATABASE.get(request.app)).held_among(phones)
    forward = ForwardRules(rules.country, rules.callable_countries, rules.blocked_numbers, held)
    reasons = {phone: forward_refusal(phone, forward) for phone in phones}
    return {phone: reason for phone, reason in reasons.items() if reason is not None}


def closed_days(now: AnswerSettings) -> Sequence[str]:
    """The days on which no hours are open, for people."""
    country = now.holidays.country
    holidays = [] if country is None else [f"Public holidays of {country_in_sentence(country)}"]
    return [*holidays, *([", ".join(now.holidays.days)] if now.holidays.days else [])]


def silent_sentences(silent: Silent) -> Sequence[str]:
    """A sentence about each phone that does not ring, without a full stop."""
    return [f"{readable(phone)} does not ring: {reason[:1].lower()}{reason[1:]}" for phone, reason in silent.items()]


def hours_notice(after: AnswerSettings, _: Silent) -> str:
    if not after.hours:
        return "Hours saved: calls are answered at any time, except on the closed days"
    days = len({each.day for each in after.hours})
    return f"Hours saved: open on {days} day{'' if days == 1 else 's'} of the week, in {after.time_zone}"


def greeting_notice(after: AnswerSettings, _: Silent) -> str:
    said = "callers hear your greeting" if after.greeting is not None else "callers hear the standard greeting"
    if after.greeting is not None and after.greeting.recording_id is not None:
        said = "callers hear your recording"
    return f"Greeting saved: {said}{', and may press 9' if after.press_9 else ''}"


def phones_notice(after: AnswerSettings, silent: Silent) -> str:
    if not after.forward_to and not after.after_hours.forward_to:
        return "Phones saved: no phone rings, callers hear the greeting and a goodbye"
    count = len([phone for phone in after.forward_to if phone not in silent])
    said = f"Phones saved: {count} phone{'' if count == 1 else 's'} will ring"
    if after.after_hours.forward_to:
        later = len([phone for phone in after.after_hours.forward_to if phone not in silent])
        said = f"{said}, {later} outside the hours"
    return said if not silent else f"{said}. {'. '.join(silent_sentences(silent))}"


def voicemail_notice(after: AnswerSettings, _: Silent) -> str:
    if not after.voicemail and not after.after_hours.voicemail:
        return "Voicemail saved: callers cannot leave a message"
    when = "" if after.voicemail and after.after_hours.voicemail else " outside the hours"
    if after.voicemail and not after.after_hours.voicemail:
        when = " within the hours"
    count = len(after.notify)
    mailed = f"{count} member{' gets' if count == 1 else 's get'} a mail" if count else "nobody gets a mail"
    transcribed = ". Voicemails in English are transcribed" if after.is_transcribed else ""
    return f"Voicemail saved: callers can leave a message{when}, and {mailed}{transcribed}"
