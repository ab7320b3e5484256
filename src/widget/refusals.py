"""The table of codes of refused requests, rejected calls and ended calls, each with its sentence and advice.

The phone, the dashboard, the back office, the API and the guide show these texts. A sentence never changes, because
programs compare it; the advice may change.
"""

import enum
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from kit import errors
from kit.e164 import EmergencyNumber, InvalidPhoneNumber
from kit.errors import DomainError
from phone_numbers.errors import FromNotAllowed
from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow
from tenants.settings_paths import SettingsSection, settings_path
from widget.errors import DomainNotAllowed, InvalidEmbedToken, RevokedEmbedToken

GUIDE_ERRORS_PATH = "/docs/widget-integration#errors"


class FixedBy(enum.StrEnum):
    """The person who can remove the cause of a refusal."""

    CALLER = "caller"
    """The person who places the call."""
    DEVELOPER = "developer"
    """The developer of the page that contains the phone."""
    ADMIN = "admin"
    """An admin or owner of the organization."""
    OWNER = "owner"
    SUPPORT = "support"


class Occasion(enum.StrEnum):
    """The use of a code: it refuses requests or calls, or ends calls."""

    REQUEST = "request"
    """A request of the widget, such as the exchange, is refused."""
    CALL = "call"
    """A call is rejected before it is dialled."""
    END = "end"
    """The product ends a live call."""


class Refusal(msgspec.Struct, frozen=True):
    """One code of the table."""

    code: str
    message: str
    """The fixed sentence, without a full stop."""
    advice: str
    """The cause, if the sentence does not name it, and what to do; in whole sentences."""
    fixed_by: FixedBy
    occasions: frozenset[Occasion]
    section: SettingsSection | None = None
    """The settings section in which the cause can be removed; None without one."""

    @property
    def label(self) -> str:
        """A short name for lists; unlike ``message``, unique in the table."""
        name = self.code.removeprefix("ended_").replace("_", " ")
        return name.capitalize() if name == self.code.replace("_", " ") else f"Ended: {name}"

    @property
    def is_of_call(self) -> bool:
        """True for a code with which calls are rejected."""
        return Occasion.CALL in self.occasions

    def link(self, slug: str) -> str:
        """The path of the settings section for the organization ``slug``; without a section, of the guide's table."""
        return GUIDE_ERRORS_PATH if self.section is None else settings_path(slug, self.section)


class RefusalDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The facts about one rejected or ended call, at the time of the call. Never a phone number."""

    country: Annotated[str | None, Meta(examples=["FR"])] = None
    """The destination, ISO 3166, if its country was the reason."""
    home: Annotated[str | None, Meta(examples=["GB"])] = None
    """The only country that a new organization may call, ISO 3166, if that was the reason."""
    listed: Annotated[bool | None, Meta(examples=[True])] = None
    """True if ``country`` can be called without another change once the rule for new organizations ends."""
    limit: Annotated[str | None, Meta(examples=["calls_per_minute"])] = None
    """The limit's name, as in the calling rules."""
    value: Annotated[int | None, Meta(examples=[120])] = None
    """The limit's value; in US cents if its name contains ``cents``."""
    used: Annotated[int | None, Meta(examples=[120])] = None
    """The part of the limit that ended calls had used when the call was requested."""
    held: Annotated[int | None, Meta(examples=[40])] = None
    """The part of the limit that live calls had reserved when the call was requested; null if nothing was reserved."""
    minutes: Annotated[int | None, Meta(examples=[60])] = None
    """The longest allowed duration of the call, if that ended it."""
    until: Annotated[str | None, Meta(examples=["2026-12-12T14:43:00Z"])] = None
    """RFC 3339, UTC: the end of the rule for new organizations, if that rule was the reason."""
    until_day: Annotated[str | None, Meta(examples=["2026-12-12"])] = None
    """The day of ``until`` in the organization's time zone. Not stored, because the time zone may change."""
    scope: Annotated[str | None, Meta(examples=["organization"])] = None
    """``organization``, ``token``, ``phone`` (one loaded widget), ``number`` (the called one) or ``service``."""
    kind: Annotated[str | None, Meta(examples=["pay_per_call"])] = None
    """Of an invalid number: ``own_number``, ``pay_per_call``, ``special`` or ``unassigned``."""
    who: Annotated[str | None, Meta(examples=["admin"])] = None
    """``admin`` or ``support``: who can change the rule or the limit."""


REQUEST, CALL, END = (frozenset({occasion}) for occasion in Occasion)
DESTINATION_SENTENCE = "This destination is not allowed"


def _row(
    of: type[DomainError] | tuple[str, str],
    occasions: frozenset[Occasion],
    fixed_by: FixedBy,
    advice: str,
    section: SettingsSection | None = None,
) -> Refusal:
    code, message = of if isinstance(of, tuple) else (of.code, of.message)
    return Refusal(code, message, advice, fixed_by, occasions, section)


REFUSALS: Mapping[str, Refusal] = {
    row.code: row
    for row in (
        _row(
            errors.BodyTooLarge,
            REQUEST,
            FixedBy.DEVELOPER,
            "The request is larger than 16 kB. Use phone.js without changes.",
        ),
        _row(
            errors.UnsupportedMediaType,
            REQUEST,
            FixedBy.DEVELOPER,
            "Send JSON as application/json or text/plain, as phone.js does.",
        ),
        _row(
            errors.MalformedRequest,
            REQUEST,
            FixedBy.DEVELOPER,
            "Send a JSON object with a text field “token”, as phone.js does.",
        ),
        _row(errors.MethodNotAllowed, REQUEST, FixedBy.DEVELOPER, "Send a POST request, as phone.js does."),
        _row(
            errors.TooMany,
            REQUEST,
            FixedBy.CALLER,
            "Wait a minute; the phone then connects again by itself. A call that ended with this is not placed again: "
            "call again.",
        ),
        _row(
            InvalidEmbedToken,
            REQUEST,
            FixedBy.DEVELOPER,
            "The token does not begin with ept_, or was not copied whole. Copy it again.",
            SettingsSection.WIDGET,
        ),
        _row(
            RevokedEmbedToken,
            REQUEST | CALL,
            FixedBy.ADMIN,
            "The token was revoked, or never existed. An admin can generate a new one under Embed Phone Widget.",
            SettingsSection.WIDGET,
        ),
        _row(
            DomainNotAllowed,
            REQUEST,
            FixedBy.ADMIN,
            "The page's domain is not on this token's list. An admin can add it under Embed Phone Widget.",
            SettingsSection.WIDGET,
        ),
        _row(
            OrganizationSuspended,
            REQUEST | CALL,
            FixedBy.OWNER,
            "Our staff stopped the organization's calls. Ask an owner of the organization to contact support.",
        ),
        _row(
            PlanTooLow,
            REQUEST | CALL,
            FixedBy.OWNER,
            "Phones need the Pro plan or above. An owner can request an upgrade.",
            SettingsSection.ORGANIZATION,
        ),
        _row(
            NoPhoneNumber,
            REQUEST | CALL,
            FixedBy.ADMIN,
            "The organization has no number to call from. An admin can get one under Phone number.",
            SettingsSection.PHONE_NUMBERS,
        ),
        _row(
            FromNotAllowed,
            CALL,
            FixedBy.ADMIN,
            "The number to call from was released, or this token may not show it. Choose another one, or ask an admin "
            "to add it to the token under Embed Phone Widget.",
            SettingsSection.WIDGET,
        ),
        _row(
            errors.Unavailable,
            REQUEST | CALL,
            FixedBy.SUPPORT,
            "The phone connects again by itself. A call that ended with this is not placed again: call again in a few "
            "minutes.",
        ),
        _row(
            InvalidPhoneNumber,
            CALL,
            FixedBy.CALLER,
            "Write the number with its area code, or with + and the country code. Pay-per-call and special numbers "
            "cannot be called.",
        ),
        _row(EmergencyNumber, CALL, FixedBy.CALLER, "Use a mobile phone or a landline."),
        _row(
            ("country_not_enabled", DESTINATION_SENTENCE),
            CALL,
            FixedBy.ADMIN,
            "Calls to this country are not switched on. An admin can add it under Calling rules.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("number_blocked", DESTINATION_SENTENCE),
            CALL,
            FixedBy.ADMIN,
            "The number is on the organization's block list. An admin can remove it under Calling rules.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("destination_not_allowed", DESTINATION_SENTENCE),
            CALL,
            FixedBy.ADMIN,
            "The organization's calling rules exclude this number or its country. An admin can change them under "
            "Calling rules.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("too_many_calls_at_once", "Too many calls at once"),
            CALL,
            FixedBy.ADMIN,
            "Wait until another call has ended, or ask an admin to raise the limit under Calling rules.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("too_many_calls", "Too many calls"),
            CALL,
            FixedBy.ADMIN,
            "A limit of calls within a minute, an hour or a day is reached. Wait a minute, or ask an admin to raise "
            "the limit under Calling rules.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("call_limit_reached", "Call limit reached"),
            CALL,
            FixedBy.ADMIN,
            "The minutes, the budget or the foreign numbers that the calling rules allow are used up. Wait until the "
            "next day, or ask an admin to raise the limit under Calling rules.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("time_limit_reached", "The call reached its longest time"),
            END,
            FixedBy.CALLER,
            "Call again to go on.",
            SettingsSection.CALLING_RULES,
        ),
        _row(
            ("ended_by_staff", "The call was ended by our staff"),
            END,
            FixedBy.SUPPORT,
            "Ask support for the reason.",
        ),
        _row(
            ("ended_token_revoked", "The call was ended because its token was revoked"),
            END,
            FixedBy.ADMIN,
            "The page needs a new token. An admin can generate one under Embed Phone Widget.",
            SettingsSection.WIDGET,
        ),
        _row(
            ("ended_organization_suspended", "The call was ended because the organization was suspended"),
            END,
            FixedBy.OWNER,
            "Ask an owner of the organization to contact support.",
        ),
        _row(
            ("ended_organization_deleted", "The call was ended because the organization was deleted"),
            END,
            FixedBy.OWNER,
            "An owner can ask support to restore the organization.",
        ),
        _row(
            ("ended_calls_paused", "The call was ended because all calls were paused"),
            END,
            FixedBy.SUPPORT,
            "Our staff paused the calls of all organizations. Call again later.",
        ),
    )
}
"""All rows by code: first those of requests, in the order of their checks, then those of calls and of ended calls."""


def request_help(error: DomainError) -> Mapping[str, str | None]:
    """The fields ``help`` and ``domain`` of the problem response to a widget's request; empty for other codes."""
    row = REFUSALS.get(error.code)
    if row is None:
        return {}
    if not isinstance(error, DomainNotAllowed):
        return {"help": row.advice}
    if error.domain is None:
        return {"help": f"The request does not contain the page's domain. {row.advice}", "domain": None}
    cause, fix = f"{error.domain} is not on this token's list.", "An admin can add it under Embed Phone Widget."
    return {"help": f"{cause} {fix}", "domain": error.domain}


def refusal_message(code: str | None) -> str | None:
    """The fixed sentence for a code; None for a code that is not in the table."""
    row = REFUSALS.get(code or "")
    return None if row is None else row.message
