"""Staff actions on an organization's limits: override a limit, or end the lower limits of a new account.

A preview shows the limits before and after the change.
"""

import datetime as dt
from collections.abc import Sequence

import msgspec

from admin.actions.staff_action import ActionContext, Field, staff_action
from admin.errors import AlreadyDone
from admin.formatters import format_limit, limit_name
from admin.limit_state import labelled_limit_state, limit_state, read_rules, with_override
from admin.models import StaffRole
from admin.rules import read_last_day
from calls.limits.effective_limits import LimitSources, new_account_end
from calls.limits.limit_names import (
    DEFAULT_LIMITS,
    MAX_OVERRIDE,
    MONEY_LIMITS,
    NEW_ORGANIZATION_DAYS,
    is_overridable,
)
from calls.limits.limit_table import LIMIT_TABLE
from calls.limits.overrides import LimitOverrideService
from calls.limits.services import CallingRulesView
from kit.clock import utc_now
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.money import AMOUNT_ADVICE, parse_cents
from kit.parsing import parse_whole_number
from tenants.models import Organization

_MAX_LIMIT_DIGITS = 10
_OPTIONS = [
    *((name, f"{limit_name(name)} (US dollars)" if name in MONEY_LIMITS else limit_name(name)) for name in LIMIT_TABLE),
    (NEW_ORGANIZATION_DAYS, limit_name(NEW_ORGANIZATION_DAYS)),
]


class _Change(msgspec.Struct, frozen=True):
    """A limit override to set."""

    name: str
    value: int
    ends_at: dt.datetime

    @property
    def last_day(self) -> str:
        """The last day of the override, in UTC."""
        return f"{self.ends_at - dt.timedelta(days=1):%Y-%m-%d}"


def _is_not_deleted(organization: Organization) -> bool:
    return organization.deleted_at is None


def _read_change(form: Form, sources: LimitSources) -> _Change:
    """The change that was entered. Raises: ValidationFailed."""
    name = form["limit"]
    if name not in DEFAULT_LIMITS and name != NEW_ORGANIZATION_DAYS:
        raise ValidationFailed([("limit", "Choose a limit from the list")])
    value, ends_at = _read_amount(name, form["value"].strip()), read_last_day(form["until"], utc_now())
    if name == NEW_ORGANIZATION_DAYS:
        ends_at = _new_account_override_end(with_override(sources, name, value), ends_at)
    return _Change(name, value, ends_at)


def _new_account_override_end(sources: LimitSources, ends_at: dt.datetime) -> dt.datetime:
    """The end of an override of the days for which an organization counts as new.

    It is not before the last of those days, because the override's own end would then change them again.
    """
    without = with_override(sources, NEW_ORGANIZATION_DAYS, None)
    return max(ends_at, new_account_end(sources), new_account_end(without))


def _read_amount(limit: str, typed: str) -> int:
    """The new value of a limit; money is typed in dollars. Raises: ValidationFailed."""
    is_money = limit in MONEY_LIMITS
    try:
        amount = parse_cents(typed) if is_money else parse_whole_number(typed, max_digits=_MAX_LIMIT_DIGITS)
    except ValueError:
        amount = -1
    if limit == NEW_ORGANIZATION_DAYS and not is_overridable(limit, amount):
        raise ValidationFailed([("value", "Enter a number of days since sign-up, from 0 to 365")])
    if not is_overridable(limit, amount):
        advice = AMOUNT_ADVICE if is_money else "Enter a whole number, like 500"
        raise ValidationFailed([("value", f"{advice}; at most {format_limit(limit, MAX_OVERRIDE)}")])
    return amount


async def _preview_limit(context: ActionContext[Organization]) -> Sequence[str]:
    rules = await read_rules(context, context.record.id)
    change = _read_change(context.form, rules.sources)
    return _before_and_after(rules, change)


def _before_and_after(rules: CallingRulesView, change: _Change) -> Sequence[str]:
    after = limit_state(rules, change.name, with_override(rules.sources, change.name, change.value))
    if change.name == NEW_ORGANIZATION_DAYS:
        return [f"Now: {limit_state(rules, change.name)}.", f"After the change: {after}."]
    return [
        f"{limit_name(change.name)} now: {limit_state(rules, change.name)}.",
        f"After the change, until the end of {change.last_day} (UTC): {after}.",
    ]


@staff_action(
    "raise-limit",
    "Override a limit",
    role=StaffRole.OPERATOR,
    effect="Replaces the plan's limit until the end of the chosen day (UTC). Two things can still lower it: the "
    "customer's own limit, and the new-account rule. The next page shows what will hold.",
    applies=_is_not_deleted,
    fields=[
        Field("limit", "Limit", _OPTIONS),
        Field(
            "value",
            "New value",
            hint="A number, like 500. Spend: US dollars, like 25.00. Days as a new account: counted from sign-up",
        ),
        Field(
            "until",
            "Last day",
            hint="Required; at most a year from now. For days as a new account any day is valid: "
            "the override ends with the rule",
            type="date",
        ),
    ],
    is_destructive=False,
    preview=_preview_limit,
)
async def override_limit(context: ActionContext[Organization]) -> str:
    organization = context.record
    change = _read_change(context.form, (await read_rules(context, organization.id)).sources)
    await _set_override(context, change)
    state = labelled_limit_state(await read_rules(context, organization.id), change.name, organization.name)
    return state if change.name == NEW_ORGANIZATION_DAYS else f"{state} Set until the end of {change.last_day} (UTC)."


async def _set_override(context: ActionContext[Organization], change: _Change) -> None:
    # The customers' role may not write overrides; the staff's role may.
    async with context.staff_session() as session:
        await LimitOverrideService(session).set(
            context.record.id,
            change.name,
            change.value,
            ends_at=change.ends_at,
            reason=context.by.reason,
            by=context.by,
        )


async def _preview_end(context: ActionContext[Organization]) -> Sequence[str]:
    rules = await read_rules(context, context.record.id)
    return _before_and_after(rules, _ending_override(rules, context.record))


def _ending_override(rules: CallingRulesView, organization: Organization) -> _Change:
    """The override that ends the new-account rule now. Raises: AlreadyDone, when the rule has ended."""
    if rules.limits.new_until is None:
        raise AlreadyDone(f"Already done: {organization.name} is not new")
    return _Change(NEW_ORGANIZATION_DAYS, 0, _new_account_override_end(rules.sources, rules.limits.new_until))


@staff_action(
    "end-first-days",
    "End the new-account rule",
    role=StaffRole.OPERATOR,
    effect="The account is no longer new: minutes, spend and international numbers hold in full, and the countries on "
    "the customer's list can be called from the next call.",
    # An override may have ended or prolonged the new-account rule, so the function decides.
    applies=_is_not_deleted,
    already_done_text=lambda organization: f"{organization.name} is deleted",
    is_destructive=False,
    preview=_preview_end,
)
async def end_new_account_rule(context: ActionContext[Organization]) -> str:
    organization = context.record
    await _set_override(context, _ending_override(await read_rules(context, organization.id), organization))
    return labelled_limit_state(await read_rules(context, organization.id), NEW_ORGANIZATION_DAYS, organization.name)
