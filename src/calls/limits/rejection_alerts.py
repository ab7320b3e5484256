"""Raises alerts, sends mails and emits events about rejected calls.

Causes: many rejections within an hour, repeated refusals for one reason, a limit that is used up, a refused incoming
call.
"""

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from calls.errors import ClientBusy, DestinationNotAllowed, refusal_details
from calls.limits.alert_mails import AlertMailer
from calls.limits.call_context import CallContext
from calls.limits.call_duration import UsageSnapshot
from calls.limits.limit_alerts import count_alerts, insert_alert_once
from calls.limits.limit_holder import LimitHolder
from calls.limits.metrics import REJECTION_ALERTS
from calls.limits.models import AlertKind
from calls.limits.schemas import LimitReached
from calls.models import stored_details
from calls.refusal_help import explain
from events.emit import emit
from events.event_types import EventType
from kit.actor import SYSTEM
from kit.audit import record
from kit.db.rate_limit import count_use
from kit.e164 import EmergencyNumber, InvalidPhoneNumber, NotOrdinaryNumber
from kit.errors import DomainError, Unavailable
from kit.numbering import NumberKind
from tenants.members import MemberService
from widget.refusals import FixedBy

REJECTIONS_PER_TOKEN = 50
"""Rejections of one token within an hour that cause an alert; a person who mistypes all day has a few."""
REJECTIONS_PER_ORGANIZATION = 100
"""Rejections of one organization within an hour that cause an alert."""


class DestinationClass(enum.StrEnum):
    """The kinds of destinations that are rejected."""

    PAY_PER_CALL = "pay_per_call"
    NOT_ENABLED = "not_enabled"
    """A country that is not enabled, or a blocked number."""
    NO_NUMBER = "no_number"
    """Not in a numbering plan, or incomplete."""


REJECTIONS_PER_CLASS: Mapping[DestinationClass, int] = {
    # The called party earns from these: nobody dials ten in an hour by mistake.
    DestinationClass.PAY_PER_CALL: 10,
    # A page with some foreign contacts stays below.
    DestinationClass.NOT_ENABLED: 30,
    # A contact list with some badly written numbers stays below.
    DestinationClass.NO_NUMBER: 40,
}
REPEATED_REFUSALS = 5
"""Calls refused within a day (UTC) for one reason, after which owners and admins get a mail."""
_ORGANIZATION_SCOPES = ("organization", "token")
"""Scopes of limits that cause an event or a mail: not those of one client, one called number or one caller."""
_MAIL_IF_FIXED_BY = frozenset({FixedBy.ADMIN, FixedBy.OWNER, FixedBy.SUPPORT})
"""The parties that can remove the cause of a refusal about which owners and admins get a mail."""
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


def begin_series() -> None:
    """Create the time series of alerts at 0: a rate needs two samples and would miss the first alert."""
    for subject in ("rejections_per_token", "rejections_per_organization", *map(_subject_of, DestinationClass)):
        REJECTION_ALERTS.labels(subject)


def _subject_of(destination_class: DestinationClass) -> str:
    return f"rejections_{destination_class}"


class Threshold(msgspec.Struct, frozen=True):
    """A threshold that the last rejection reached."""

    subject: str
    """``rejections_per_token:<id>``, ``rejections_per_organization`` or ``rejections_<class>``."""
    rejections: int


class RejectionAlertService:
    """Counts rejections and raises alerts, in the transaction that stores the rejection and locks the counters."""

    def __init__(self, session: AsyncSession, mailer: AlertMailer) -> None:
        self._session = session
        self._mailer = mailer

    async def check(
        self,
        organization_id: UUID,
        token_id: UUID,
        context: CallContext,
        usage: UsageSnapshot,
        rejection: DomainError,
        now: dt.datetime,
    ) -> None:
        """Count a rejected call, which ``usage`` does not include yet, and raise the alerts that it causes."""
        reached = list(_reached_scopes(token_id, usage))
        destination_class = destination_class_of(rejection)
        if destination_class is not None:
            key = f"rejected:{organization_id}:{destination_class}"
            if await count_use(self._session, key, window=_HOUR) == REJECTIONS_PER_CLASS[destination_class]:
                reached.append(Threshold(_subject_of(destination_class), REJECTIONS_PER_CLASS[destination_class]))
        for threshold in reached:
            await self._alert(organization_id, token_id, context, threshold, rejection, now)
        await self._mail_when_repeated(organization_id, context, rejection)
        await emit_limit_reached(self._session, organization_id, rejection, token_id=token_id)

    async def _mail_when_repeated(self, organization_id: UUID, context: CallContext, rejection: DomainError) -> None:
        """Mail owners and admins about a repeated reason that they or support can change: once a day for each."""
        details = refusal_details(rejection)
        explanation = explain(rejection.code, stored_details(details), organization=context.name)
        if (
            explanation is None
            or explanation.fixed_by not in _MAIL_IF_FIXED_BY
            or isinstance(rejection, ClientBusy | Unavailable)
        ):
            return
        key = f"refused:{organization_id}:{rejection.code}"
        if await count_use(self._session, key, window=_DAY) != REPEATED_REFUSALS:
            return
        for person in await MemberService(self._session).list_administrators(organization_id):
            await self._mailer.send_repeated_refusals(
                self._session, context, explanation, REPEATED_REFUSALS, to=person.email
            )

    async def _alert(
        self,
        organization_id: UUID,
        token_id: UUID,
        context: CallContext,
        threshold: Threshold,
        rejection: DomainError,
        now: dt.datetime,
    ) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        details = {"rejections": threshold.rejections, "last_reason": rejection.code, "token_id": str(token_id)}
        kind = AlertKind.REJECTED_CALLS
        if not await insert_alert_once(self._session, organization_id, kind, threshold.subject, hour, details):
            return
        REJECTION_ALERTS.labels(threshold.subject.partition(":")[0]).inc()
        if await count_alerts(self._session, organization_id, kind, hour) > 1:
            return  # One mail was sent in this hour.
        await record(
            self._session,
            SYSTEM,
            "calling.many_rejections",
            organization_id=organization_id,
            subject_id=token_id,
            subject_name=context.token_name,
            details=details,
        )
        for person in await MemberService(self._session).list_administrators(organization_id):
            await self._mailer.send_many_rejections(self._session, context, rejection, to=person.email)


async def emit_limit_reached(
    session: AsyncSession, organization_id: UUID, rejection: DomainError, *, token_id: UUID | None = None
) -> None:
    """Emit the event ``limit.reached`` of a limit that refused a call, once an hour for each limit.

    ``token_id`` is the token that placed the call; None for an incoming one.
    """
    details = refusal_details(rejection)
    if details is None or details.limit is None or details.scope not in _ORGANIZATION_SCOPES:
        return
    subject = token_id if details.scope == "token" and token_id is not None else organization_id
    if await count_use(session, f"limit_reached:{subject}:{details.limit}", window=_HOUR) == 1:
        reached = LimitReached.of(details, token_id)
        await emit(session, organization_id, EventType.LIMIT_REACHED, reached, subject_id=subject)


async def mail_refused_caller(
    session: AsyncSession, mailer: AlertMailer, organization_id: UUID, holder: LimitHolder, rejection: DomainError
) -> None:
    """Mail owners and admins that a limit of the organization refused an incoming call: once a day for each reason."""
    details = refusal_details(rejection)
    explanation = explain(rejection.code, stored_details(details), organization=holder.name)
    if explanation is None or details is None or details.limit is None or details.scope not in _ORGANIZATION_SCOPES:
        return
    if await count_use(session, f"refused-caller:{organization_id}:{rejection.code}", window=_DAY) > 1:
        return
    for person in await MemberService(session).list_administrators(organization_id):
        await mailer.send_refused_caller(session, holder, explanation, to=person.email)


def destination_class_of(rejection: DomainError) -> DestinationClass | None:
    """The class of a rejected destination; None when the call was rejected for another reason."""
    if isinstance(rejection, NotOrdinaryNumber) and rejection.kind is NumberKind.PAY_PER_CALL:
        return DestinationClass.PAY_PER_CALL
    if isinstance(rejection, InvalidPhoneNumber | EmergencyNumber):
        return DestinationClass.NO_NUMBER
    return DestinationClass.NOT_ENABLED if isinstance(rejection, DestinationNotAllowed) else None


def _reached_scopes(token_id: UUID, usage: UsageSnapshot) -> Iterator[Threshold]:
    if usage.token.hour_rejected + 1 == REJECTIONS_PER_TOKEN:
        yield Threshold(f"rejections_per_token:{token_id}", REJECTIONS_PER_TOKEN)
    if usage.organization.hour_rejected + 1 == REJECTIONS_PER_ORGANIZATION:
        yield Threshold("rejections_per_organization", REJECTIONS_PER_ORGANIZATION)
