"""What staff may do, each named once: to what, by whom, what it says it will do, and which service does it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request

from accounts.models import User
from admin import action_handlers
from admin.formatters import ALERTS, limit_name
from admin.models import Staff, StaffRole
from admin.pages import viewer
from calls.limits.limit_names import DEFAULT_LIMITS
from calls.limits.models import Alert, LimitOverride
from calls.models import LIVE_STATUSES, Call
from kit.clock import utc_now
from tenants.models import Invitation, Organization, PhoneNumber, UpgradeRequest
from tenants.plans import Plan
from widget.models import EmbedToken

PLANS = [(plan.value, plan.value.capitalize()) for plan in Plan]
LIMITS = [(name, limit_name(name)) for name in DEFAULT_LIMITS]
ROLES = [(role.value, role.value.capitalize()) for role in StaffRole]
BLOCK_LIST = [
    (action_handlers.KEEP_BLOCKED, "If it is there it stays, so that it is not called again"),
    (action_handlers.UNBLOCK, "Take it off the block list too"),
]


class Field(NamedTuple):
    """What is asked for besides the reason; with ``options`` a choice among them."""

    name: str
    label: str
    options: Sequence[tuple[str, str]] = ()
    hint: str = ""
    type: str = "text"
    """What the browser takes it for."""


class Action(NamedTuple):
    """One thing that staff do to one row."""

    slug: str
    label: str
    at_least: StaffRole
    effect: str
    """What will happen, for the page that asks first."""
    work: Callable[[action_handlers.Deed], Awaitable[str]]
    """Does it and says what was done."""
    applies: Callable[[Any], bool]
    fields: Sequence[Field] = ()
    danger: bool = True
    many: bool = False
    """True when it can be done to several rows at once, picked in their list."""
    look: Callable[[action_handlers.Deed], Awaitable[Sequence[str]]] | None = None
    """Says what was found for what was typed, on a page that asks once more, before anything is done."""


class Kind(NamedTuple):
    """A kind of row that something can be done to."""

    model: Any
    columns: Sequence[Any]
    """What the actions need of it."""
    name: Callable[[Any], str]
    state: Callable[[Any], str]
    """What a form that was opened earlier must still find."""
    actions: Sequence[Action]


KINDS: Mapping[str, Kind] = {
    "organization": Kind(
        Organization,
        (
            Organization.name,
            Organization.slug,
            Organization.plan,
            Organization.country,
            Organization.suspended_at,
            Organization.deleted_at,
        ),
        lambda row: row.name,
        lambda row: f"{row.plan.value} {row.suspended_at or ''}",
        (
            Action(
                "change-plan",
                "Change plan",
                StaffRole.OPERATOR,
                "The organization's people see the new plan at once. On Starter, phones stop "
                "taking new calls; live ones go on.",
                action_handlers.change_plan,
                lambda row: row.deleted_at is None,
                [Field("plan", "New plan", PLANS)],
                danger=False,
            ),
            Action(
                "suspend",
                "Suspend",
                StaffRole.OPERATOR,
                "Phones stop at once on every page, and live calls end within seconds. Its people "
                "can still sign in and see why.",
                action_handlers.suspend,
                lambda row: row.suspended_at is None and row.deleted_at is None,
                many=True,
            ),
            Action(
                "restore",
                "Restore",
                StaffRole.OPERATOR,
                "Phones work again as soon as their pages are loaded.",
                action_handlers.restore,
                lambda row: row.suspended_at is not None and row.deleted_at is None,
                danger=False,
            ),
            Action(
                "raise-limit",
                "Raise a limit",
                StaffRole.OPERATOR,
                "Instead of the plan's limit this one holds from the next call until the end of the day that you "
                "choose (UTC). A lower limit that its people set for themselves still holds, and in its first days an "
                "organization has a quarter of it. An override of the same limit is replaced.",
                action_handlers.raise_limit,
                lambda row: row.deleted_at is None,
                [
                    Field("limit", "Limit", LIMITS),
                    Field("value", "New value", hint="A whole number; spending in US cents"),
                    Field("until", "Last day", hint="At most a year from now", type="date"),
                ],
                danger=False,
            ),
            Action(
                "adopt-number",
                "Adopt a number",
                StaffRole.OPERATOR,
                "A number that our carrier account holds, and no organization, becomes this one's.",
                action_handlers.adopt_number,
                lambda row: row.deleted_at is None,
                [Field("number", "Number", hint="Like +14155550123")],
                danger=False,
            ),
            Action(
                "erase-number",
                "Erase a phone number",
                StaffRole.OPERATOR,
                "For somebody who asks to be forgotten. The number is erased from this organization's calls, here and "
                "at the carrier, and with all metadata in which it stands. You see first how many calls there are. "
                "This cannot be undone.",
                action_handlers.erase_number,
                # A deleted one's calls are there until it is erased itself.
                lambda _: True,
                [
                    Field("number", "Phone number", hint="As it is dialled in the organization's country, or with +"),
                    Field("block_list", "Block list", BLOCK_LIST),
                ],
                look=action_handlers.look_for_number,
            ),
        ),
    ),
    "limit-override": Kind(
        LimitOverride,
        (LimitOverride.organization_id, LimitOverride.name, LimitOverride.value, LimitOverride.ends_at),
        lambda row: limit_name(row.name),
        lambda row: f"{row.value} {row.ends_at}",
        (
            Action(
                "end",
                "End now",
                StaffRole.OPERATOR,
                "The plan's limit holds again from the next call. Live calls go on.",
                action_handlers.end_override,
                lambda row: row.ends_at > utc_now(),
            ),
        ),
    ),
    "alert": Kind(
        Alert,
        (Alert.organization_id, Alert.kind, Alert.resolved_at),
        lambda row: ALERTS[row.kind],
        lambda row: str(row.resolved_at or ""),
        (
            Action(
                "seen",
                "Mark as seen",
                StaffRole.OPERATOR,
                "It leaves the operations page. Nothing else changes; another window makes another alert.",
                action_handlers.resolve_alert,
                lambda row: row.resolved_at is None,
                danger=False,
                many=True,
            ),
        ),
    ),
    "embed-token": Kind(
        EmbedToken,
        (EmbedToken.organization_id, EmbedToken.label, EmbedToken.prefix, EmbedToken.revoked_at),
        lambda row: row.label or f"{row.prefix}…",
        lambda row: str(row.revoked_at or ""),
        (
            Action(
                "revoke",
                "Revoke",
                StaffRole.SUPPORT,
                "Phones using it stop at once; a live call ends. A revoked token never works again.",
                action_handlers.revoke,
                lambda row: row.revoked_at is None,
                many=True,
            ),
        ),
    ),
    "call": Kind(
        Call,
        (Call.organization_id, Call.carrier_sid, Call.to_number, Call.status),
        lambda row: f"the call to {row.to_number}",
        lambda row: "live" if row.status in LIVE_STATUSES else "over",
        (
            Action(
                "end",
                "End call",
                StaffRole.OPERATOR,
                "Both sides are cut off within seconds: the carrier is asked until the call is over. The page may "
                "call again.",
                action_handlers.end_call,
                lambda row: row.status in LIVE_STATUSES,
            ),
        ),
    ),
    "phone-number": Kind(
        PhoneNumber,
        (PhoneNumber.organization_id, PhoneNumber.e164, PhoneNumber.released_at),
        lambda row: row.e164,
        lambda row: str(row.released_at or ""),
        (
            Action(
                "release",
                "Release",
                StaffRole.OPERATOR,
                "The carrier takes the number back and may sell it to anybody. Records keep it.",
                action_handlers.release_number,
                lambda row: row.released_at is None,
            ),
        ),
    ),
    "invitation": Kind(
        Invitation,
        (Invitation.organization_id, Invitation.email, Invitation.accepted_at, Invitation.revoked_at),
        lambda row: row.email,
        lambda row: f"{row.accepted_at or ''} {row.revoked_at or ''}",
        (
            Action(
                "resend",
                "Send again",
                StaffRole.OPERATOR,
                "A new link is mailed; the one before stops working.",
                action_handlers.resend_invitation,
                lambda row: row.accepted_at is None and row.revoked_at is None,
                danger=False,
            ),
        ),
    ),
    "user": Kind(
        User,
        (User.email, User.disabled_at, User.totp_enabled_at),
        lambda row: row.email,
        lambda row: f"{row.disabled_at or ''} {row.totp_enabled_at or ''}",
        (
            Action(
                "disable",
                "Disable",
                StaffRole.OPERATOR,
                "They are signed out everywhere and cannot sign in. Their organizations go on.",
                action_handlers.disable_user,
                lambda row: row.disabled_at is None,
                many=True,
            ),
            Action(
                "enable",
                "Enable",
                StaffRole.OPERATOR,
                "They can sign in again.",
                action_handlers.enable_user,
                lambda row: row.disabled_at is not None,
                danger=False,
            ),
            Action(
                "reset-second-factor",
                "Reset second factor",
                StaffRole.OPERATOR,
                "Two-step sign-in is switched off and they are signed out everywhere; a mail "
                "tells them. Make sure that it is them who asks.",
                action_handlers.reset_second_factor,
                lambda row: row.totp_enabled_at is not None,
            ),
        ),
    ),
    "upgrade-request": Kind(
        UpgradeRequest,
        (UpgradeRequest.organization_id, UpgradeRequest.resolved_at),
        lambda _: "this request",
        lambda row: str(row.resolved_at or ""),
        (
            Action(
                "approve",
                "Approve",
                StaffRole.OPERATOR,
                "The plan changes at once, and the owners get a mail.",
                action_handlers.approve_upgrade,
                lambda row: row.resolved_at is None,
                [Field("plan", "New plan", PLANS[1:])],
                danger=False,
            ),
            Action(
                "decline",
                "Decline",
                StaffRole.OPERATOR,
                "The plan stays, and the owners get a mail. They can ask again.",
                action_handlers.decline_upgrade,
                lambda row: row.resolved_at is None,
            ),
        ),
    ),
    "staff": Kind(
        Staff,
        (Staff.email, Staff.role, Staff.disabled_at, Staff.totp_enabled_at),
        lambda row: row.email,
        lambda row: f"{row.role.value} {row.disabled_at or ''} {row.totp_enabled_at or ''}",
        (
            Action(
                "change-role",
                "Change role",
                StaffRole.ADMIN,
                "It holds from their next click.",
                action_handlers.change_staff_role,
                lambda row: row.disabled_at is None,
                [Field("role", "New role", ROLES)],
                danger=False,
            ),
            Action(
                "disable",
                "Disable",
                StaffRole.ADMIN,
                "They are signed out everywhere and cannot sign in.",
                action_handlers.disable_staff,
                lambda row: row.disabled_at is None,
            ),
            Action(
                "reset-second-factor",
                "Reset second factor",
                StaffRole.ADMIN,
                "They are signed out everywhere and enrol a new authenticator app at their next "
                "sign-in. Make sure that it is them who asks.",
                action_handlers.reset_staff_second_factor,
                lambda row: row.totp_enabled_at is not None,
            ),
        ),
    ),
}


def actions_for(request: Request, kind: str, row: Any) -> Sequence[tuple[str, str]]:
    """Slug and label of what whoever asks may do to ``row`` as it stands."""
    rank = viewer(request).role.rank
    return [(a.slug, a.label) for a in KINDS[kind].actions if a.at_least.rank <= rank and a.applies(row)]


def actions_for_many(request: Request, kind: str) -> Sequence[Action]:
    """What whoever asks may do to several rows of that kind at once."""
    rank, known = viewer(request).role.rank, KINDS.get(kind)
    return [] if known is None else [a for a in known.actions if a.many and a.at_least.rank <= rank]
