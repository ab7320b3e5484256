"""Wire types about embed tokens."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from kit.schemas import RequestModel, ResponseModel, rfc3339
from widget.models import MAX_LABEL_CHARACTERS, EmbedToken

Label = Annotated[str, Meta(max_length=MAX_LABEL_CHARACTERS)]


class GenerateEmbedToken(RequestModel, frozen=True, kw_only=True):
    """What a new token is called and where it may be used."""

    label: Label = ""
    allowed_domains: list[str] | str = []
    """A list, or one text as typed into the form; empty means any domain."""


class ChangeEmbedToken(RequestModel, frozen=True, kw_only=True):
    """What may be changed about a token; what is left out stays."""

    label: Label | UnsetType = UNSET
    allowed_domains: list[str] | str | UnsetType = UNSET


class EmbedTokenInfo(ResponseModel, frozen=True, kw_only=True):
    """A token as the list shows it: never the token itself."""

    id: UUID
    label: str
    prefix: str
    allowed_domains: list[str]
    created_at: str | None
    created_by: UUID | None
    last_used_at: str | None
    last_origin: str | None

    @classmethod
    def of(cls, token: EmbedToken) -> "EmbedTokenInfo":
        return cls(
            id=token.id,
            label=token.label,
            prefix=token.prefix,
            allowed_domains=token.allowed_domains,
            created_at=rfc3339(token.created_at),
            created_by=token.created_by,
            last_used_at=rfc3339(token.last_used_at),
            last_origin=token.last_origin,
        )


class EmbedTokenIssued(ResponseModel, frozen=True, kw_only=True):
    """The one answer that holds the raw token."""

    id: UUID
    label: str
    prefix: str
    allowed_domains: list[str]
    created_at: str | None
    token: str
    snippet: str
    """The complete script tag, ready to paste."""
