"""Request and response bodies of the endpoints for embed tokens."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from kit.schemas import RequestModel, ResourceId, ResponseModel, Timestamp, WebOrigin, rfc3339
from widget.models import MAX_LABEL_CHARACTERS, EmbedToken

TokenLabel = Annotated[str, Meta(examples=["Main Website"])]
NewTokenLabel = Annotated[TokenLabel, Meta(max_length=MAX_LABEL_CHARACTERS)]
TokenPrefix = Annotated[str, Meta(examples=["ept_Exam"])]
"""The first eight characters."""
_EXAMPLE_TOKEN = "ept_Example0Example0Example0Example0000000"  # noqa: S105 - an example, not a token
_EXAMPLE_DOMAINS = Meta(examples=[["mysite.com"]])

RecentCalls = Annotated[bool, Meta(examples=[True])]
"""True if verified people see their own recent calls with the token, on our own pages."""


FromNumbers = Annotated[list[UUID], Meta(examples=[[]])]
"""Ids of phone numbers."""


class GenerateEmbedToken(RequestModel, frozen=True, kw_only=True):
    """The label of a new token, and the pages that may use it."""

    label: NewTokenLabel = ""
    allowed_domains: Annotated[list[str] | str, _EXAMPLE_DOMAINS] = []
    """A list, or one text as typed into the form; empty means any domain."""
    recent_calls: RecentCalls = False
    """Show verified people their own recent calls with this token, on our own pages; needs allowed domains."""
    from_numbers: FromNumbers = []
    """The numbers that calls may show, the default one first; empty means all numbers of the organization."""


class ChangeEmbedToken(RequestModel, frozen=True, kw_only=True):
    """The fields of a token that can be changed; a missing field is not changed."""

    label: NewTokenLabel | UnsetType = UNSET
    allowed_domains: Annotated[list[str] | str | UnsetType, _EXAMPLE_DOMAINS] = UNSET
    """An empty list also switches ``recent_calls`` off."""
    recent_calls: RecentCalls | UnsetType = UNSET
    from_numbers: FromNumbers | UnsetType = UNSET
    """Replaces the list; empty means all numbers of the organization."""


class EmbedTokenInfo(ResponseModel, frozen=True, kw_only=True):
    """A token in lists, without its raw text."""

    id: ResourceId
    label: TokenLabel
    prefix: TokenPrefix
    allowed_domains: Annotated[list[str], _EXAMPLE_DOMAINS]
    recent_calls: RecentCalls
    """True if verified people see their own recent calls with this token, on our own pages."""
    from_numbers: FromNumbers
    """The numbers that calls may show; empty means all. Released numbers are left out."""
    created_at: Timestamp | None
    created_by: ResourceId | None
    last_used_at: Timestamp | None
    last_origin: WebOrigin | None

    @classmethod
    def of(cls, token: EmbedToken, numbers: Collection[UUID]) -> "EmbedTokenInfo":
        """Make it from a row; ``numbers`` are the ids of all numbers that the organization's calls may show."""
        return cls(
            id=token.id,
            label=token.label,
            prefix=token.prefix,
            allowed_domains=token.allowed_domains,
            recent_calls=token.recent_calls,
            from_numbers=[number_id for number_id in token.from_numbers if number_id in numbers],
            created_at=rfc3339(token.created_at),
            created_by=token.created_by,
            last_used_at=rfc3339(token.last_used_at),
            last_origin=token.last_origin,
        )


class EmbedTokenIssued(ResponseModel, frozen=True, kw_only=True):
    """The response to generating a token, the only one with the raw token."""

    id: ResourceId
    label: TokenLabel
    prefix: TokenPrefix
    allowed_domains: Annotated[list[str], _EXAMPLE_DOMAINS]
    recent_calls: RecentCalls
    from_numbers: FromNumbers
    created_at: Timestamp | None
    token: Annotated[str, Meta(examples=[_EXAMPLE_TOKEN])]
    snippet: Annotated[str, Meta(examples=[f'<script src="/widget/phone.js" data-token="{_EXAMPLE_TOKEN}"></script>'])]
    """The complete script tag, ready to paste."""
