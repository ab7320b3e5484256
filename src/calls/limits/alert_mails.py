"""Mails to owners and admins about limits and refused calls.

Subjects: a limit is nearly used up, many calls were rejected, calls were refused repeatedly, a limit refused a caller.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from calls.errors import CallLimitReached, TooManyCalls
from calls.limits import limit_names
from calls.limits.call_context import CallContext
from calls.limits.limit_holder import LimitHolder
from calls.limits.limit_sentences import limit_sentence
from calls.refusal_help import FIXED_BY_NAMES, Explanation
from kit.errors import DomainError
from kit.http.app_key import AppKey
from kit.mail import Mail
from kit.time_zones import short_time, zone_of
from tenants.settings_paths import SettingsSection, settings_path

NEAR_LIMIT_PERCENT = 80

SendMail = Callable[[AsyncSession, Mail], Awaitable[None]]
"""Sends a mail after the commit of the session's transaction."""


class LimitUsage(msgspec.Struct, frozen=True):
    """The usage of one limit before and after a change of the counters."""

    name: str
    before: int
    after: int
    limit: int
    window: dt.datetime
    token_id: UUID | None = None
    is_incoming: bool = False
    """True if the change is the usage of an incoming call."""

    @property
    def became_near(self) -> bool:
        return self.before * 100 < self.limit * NEAR_LIMIT_PERCENT <= self.after * 100

    @property
    def subject(self) -> str:
        return self.name if self.token_id is None else f"{self.name}:{self.token_id}"


class AlertMailer:
    """Sends mails about limits and refused calls. Made once at start."""

    def __init__(self, send: SendMail, public_url: str) -> None:
        """``send`` sends a mail; links begin with ``public_url``."""
        self._send = send
        self._public_url = public_url

    async def send_near_limit(self, session: AsyncSession, holder: LimitHolder, usage: LimitUsage, *, to: str) -> None:
        """Mail an owner that ``NEAR_LIMIT_PERCENT`` of a limit is used, once the transaction is committed."""
        await self._send(session, _near_limit_mail(holder, usage, to, self._public_url))

    async def send_many_rejections(
        self, session: AsyncSession, context: CallContext, rejection: DomainError, *, to: str
    ) -> None:
        """Mail a person that many calls were rejected within an hour, once the transaction is committed."""
        await self._send(session, _many_rejections_mail(context, rejection, to, self._public_url))

    async def send_repeated_refusals(
        self, session: AsyncSession, context: CallContext, explanation: Explanation, count: int, *, to: str
    ) -> None:
        """Mail a person that ``count`` calls were refused today for one reason, once the transaction is committed."""
        await self._send(session, _repeated_refusals_mail(context, explanation, count, to, self._public_url))

    async def send_refused_caller(
        self, session: AsyncSession, holder: LimitHolder, explanation: Explanation, *, to: str
    ) -> None:
        """Mail a person that a limit refused an incoming call, once the transaction is committed."""
        await self._send(session, _refused_caller_mail(holder, explanation, to, self._public_url))


ALERT_MAILER: AppKey[AlertMailer] = AppKey("alert_mailer")
_MONTHLY_LIMITS = frozenset({limit_names.MINUTES_PER_MONTH, limit_names.CENTS_PER_MONTH})
_REJECTION_MESSAGES = {limit_names.CALLS_PER_DAY: TooManyCalls.message}
_UNKNOWN_CALLS = (
    "If you do not know these calls, revoke the token they were placed with: anybody who reads it can use it."
)
_UNKNOWN_CALLERS = (
    "Incoming calls used it last. If you do not know the callers, take the phones out of the settings of incoming"
    " calls: a forwarded call uses the minutes of both its legs."
)
_LIMIT_DESCRIPTIONS = {
    limit_names.CALLS_PER_DAY: "calls for today",
    limit_names.MINUTES_PER_DAY: "minutes for today",
    limit_names.MINUTES_PER_MONTH: "minutes for this month",
    limit_names.INCOMING_MINUTES_PER_DAY: "incoming minutes for today",
    limit_names.CENTS_PER_DAY: "calling budget for today",
    limit_names.CENTS_PER_MONTH: "calling budget for this month",
    limit_names.CENTS_PER_DAY_PER_TOKEN: "calling budget for today",
}


def _near_limit_mail(holder: LimitHolder, usage: LimitUsage, to: str, public_url: str) -> Mail:
    owner_of_limit = holder.name if usage.token_id is None else f"The token {holder.token_name} of {holder.name}"
    zone = zone_of(holder.time_zone, holder.country)
    until = short_time(_window_end(usage), zone, now=usage.window)
    refused = f"calls are refused with “{_REJECTION_MESSAGES.get(usage.name, CallLimitReached.message)}”"
    if usage.name == limit_names.INCOMING_MINUTES_PER_DAY:
        refused = "callers hear that your numbers cannot take calls"
    limit = f" {limit_sentence(usage.name, holder.limits, zone)}." if usage.token_id is None else ""
    return Mail(
        to=to,
        subject=f"{holder.name} has used {NEAR_LIMIT_PERCENT} % of its {_LIMIT_DESCRIPTIONS[usage.name]}",
        paragraphs=(
            f"{owner_of_limit} has used {NEAR_LIMIT_PERCENT} % of its {_LIMIT_DESCRIPTIONS[usage.name]}.{limit}",
            f"Once all of it is used, {refused} until {until} ({zone.key}).",
            _UNKNOWN_CALLERS if usage.is_incoming else _UNKNOWN_CALLS,
        ),
        action=("See calling rules", f"{public_url}{settings_path(holder.slug, SettingsSection.CALLING_RULES)}"),
    )


def _window_end(usage: LimitUsage) -> dt.datetime:
    """The time at which the limit is reset: the next midnight UTC; of a monthly limit the first of the next month."""
    if usage.name not in _MONTHLY_LIMITS:
        return usage.window + dt.timedelta(days=1)
    return (usage.window + dt.timedelta(days=31)).replace(day=1)


def _many_rejections_mail(context: CallContext, rejection: DomainError, to: str, public_url: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Many calls of {context.name} are refused",
        paragraphs=(
            f"Many calls of {context.name} were refused within an hour.",
            f"The last one was placed with the token {context.token_name} and refused with “{rejection.message}”.",
            "They were not dialled and cost nothing. This mail comes at most once an hour.",
            _UNKNOWN_CALLS,
        ),
        action=("See calls", f"{public_url}/dashboard/{context.slug}/calls"),
    )


def _repeated_refusals_mail(
    context: CallContext, explanation: Explanation, count: int, to: str, public_url: str
) -> Mail:
    refused = f"{public_url}/dashboard/{context.slug}/calls?status=refused&end_reason={explanation.refusal.code}"
    label = "See the settings" if explanation.refusal.section else "Read about the reasons"
    fixed_by = FIXED_BY_NAMES[explanation.fixed_by]
    return Mail(
        to=to,
        subject=f"{count} calls of {context.name} were refused today: {explanation.refusal.label}",
        paragraphs=(
            f"{count} calls of {context.name} were refused today (UTC) with “{explanation.refusal.message}”.",
            f"The last one was placed with the token {context.token_name}. {explanation.help}",
            f"Can be changed by: {fixed_by}. Refused calls are not dialled and cost nothing.",
            "This mail comes at most once a day for each reason.",
        ),
        action=(label, f"{public_url}{explanation.refusal.link(context.slug)}"),
        second_action=("See the refused calls", refused),
    )


def _refused_caller_mail(holder: LimitHolder, explanation: Explanation, to: str, public_url: str) -> Mail:
    return Mail(
        to=to,
        subject=f"{holder.name} refused a caller today: {explanation.refusal.label}",
        paragraphs=(
            f"Somebody called {holder.name} and heard that the number cannot take calls. {explanation.help}",
            "Refused callers are among the missed calls, where members can call them back.",
            "This mail comes at most once a day for each reason.",
        ),
        action=("See the missed calls", f"{public_url}/dashboard/{holder.slug}/calls?direction=missed"),
        second_action=("See calling rules", f"{public_url}{settings_path(holder.slug, SettingsSection.CALLING_RULES)}"),
    )
