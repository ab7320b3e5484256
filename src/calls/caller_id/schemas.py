"""Wire types of the settings by which the number that a call shows is chosen."""

from typing import Annotated

from msgspec import Meta

from kit.schemas import RequestModel, ResponseModel

Sticky = Annotated[bool, Meta(examples=[True])]
"""True when a contact is called from the number from which it was called last."""
MatchAreaCode = Annotated[bool, Meta(examples=[False])]
"""True when a call shows a number with the called one's area code, where the organization has one."""


class CallerIdInfo(ResponseModel, frozen=True, kw_only=True):
    """The settings that hold."""

    sticky: Sticky
    match_area_code: MatchAreaCode


class ReplaceCallerId(RequestModel, frozen=True, kw_only=True):
    """All of the settings."""

    sticky: Sticky
    match_area_code: MatchAreaCode
    """Carriers watch callers who only show numbers of the called area: their calls may be labelled as spam."""
