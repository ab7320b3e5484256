"""Request and response bodies of the caller id API: the settings that choose which number an outgoing call shows."""

from typing import Annotated

from msgspec import Meta

from kit.schemas import RequestModel, ResponseModel

Sticky = Annotated[bool, Meta(examples=[True])]
"""True when a contact is called from the number that called it last."""
MatchAreaCode = Annotated[bool, Meta(examples=[False])]
"""True when a call shows a number with the called number's area code, where the organization has one."""


class CallerIdInfo(ResponseModel, frozen=True, kw_only=True):
    """An organization's caller id settings."""

    sticky: Sticky
    match_area_code: MatchAreaCode


class ReplaceCallerId(RequestModel, frozen=True, kw_only=True):
    """New values of all caller id settings."""

    sticky: Sticky
    match_area_code: MatchAreaCode
    """Carriers may label calls as spam if a business always shows numbers of the called area."""
