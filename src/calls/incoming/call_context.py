"""Reads in one statement what the admission and the call flow of an incoming call need from the database."""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.admission_statements import CONTEXT, LOCKED_CONTEXT
from calls.incoming.answer_settings import AnswerSettings
from calls.incoming.flow import CallFlow, choose_flow
from calls.incoming.rules import ForwardRules
from calls.incoming.settings_service import read_settings
from calls.limits.destinations import callable_countries
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits
from calls.limits.limit_holder import LimitHolder
from kit.db.raw import raw_connection
from kit.time_zones import zone_of
from tenants.plans import Plan


class CalledOrganization(msgspec.Struct, frozen=True):
    """The organization that holds a called number."""

    id: UUID
    name: str
    slug: str
    plan: Plan
    country: str
    """ISO 3166."""
    time_zone: str | None
    """The organization's own time zone; None for that of its country."""
    is_suspended: bool


class IncomingContext(msgspec.Struct, frozen=True):
    """The organization that holds a called number, its settings and its rules."""

    organization: CalledOrganization
    number: str
    """The called number, E.164."""
    settings: AnswerSettings | None
    """The number's own settings, else the organization's; None if neither was saved."""
    limits: EffectiveLimits
    countries: Collection[str]
    """Countries that the organization may call."""
    is_paused: bool
    is_stored: bool
    """True if the call itself is stored already, as after a repeated request of the carrier."""
    blocked_phones: Collection[str]
    """Forward numbers that the organization blocked."""

    @property
    def phones(self) -> Collection[str]:
        """Every forward number of the settings."""
        if self.settings is None:
            return ()
        return [*self.settings.forward_to, *self.settings.after_hours.forward_to]

    @property
    def holder(self) -> LimitHolder:
        """The organization for mails about its limits."""
        holder = self.organization
        return LimitHolder(holder.name, holder.slug, holder.country, holder.time_zone, self.limits)

    def forward_rules(self, product_numbers: Collection[str]) -> ForwardRules:
        """The rules that forwarded calls must meet now."""
        return ForwardRules(self.organization.country, self.countries, self.blocked_phones, product_numbers)

    def flow(self, forward: ForwardRules, *, at: dt.datetime, caller: str | None, limit_minutes: int) -> CallFlow:
        """The call flow of a call from ``caller`` that began ``at``."""
        chosen = None if self.settings is None else self.settings.time_zone
        return choose_flow(
            self.settings,
            forward,
            zone=zone_of(chosen or self.organization.time_zone, self.organization.country),
            at=at,
            organization_id=self.organization.id,
            name=self.organization.name,
            number=self.number,
            caller=caller,
            limit_minutes=limit_minutes,
        )


class IncomingContextService:
    """Reads the context of one call."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def load(
        self, organization_id: UUID, e164: str, now: dt.datetime, *, lock: bool = False, call_sid: str | None = None
    ) -> IncomingContext | None:
        """The context of a call to ``e164``; None when the organization holds no such number.

        With ``lock`` a concurrent suspension waits until the call is stored, so that it ends this call too.
        """
        connection = await raw_connection(self._session)
        statement = LOCKED_CONTEXT if lock else CONTEXT
        row = await connection.fetch_row(statement, organization=organization_id, called=e164, now=now, sid=call_sid)
        if row is None:
            return None
        plan, country = Plan(row["plan"]), row["country"]
        sources = LimitSources(
            plan, row["founded_at"], row["permanent_overrides"] or {}, row["overrides"] or {}, row["own"] or {}
        )
        limits = effective_limits(sources, now)
        return IncomingContext(
            organization=CalledOrganization(
                id=row["id"],
                name=row["name"],
                slug=row["slug"],
                plan=plan,
                country=country,
                time_zone=row["time_zone"],
                is_suspended=row["is_suspended"],
            ),
            number=e164,
            settings=None if row["settings"] is None else read_settings(row["settings"]),
            limits=limits,
            countries=callable_countries(country, row["countries"], is_new=limits.new_until is not None),
            is_paused=row["is_paused"],
            is_stored=row["is_stored"],
            blocked_phones=frozenset(row["blocked_phones"]),
        )
