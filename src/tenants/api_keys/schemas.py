"""Wire types of API keys."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from kit.schemas import RequestModel, ResponseModel, rfc3339
from tenants.api_keys.services import MAX_LABEL_CHARACTERS
from tenants.models import ApiKey, KeyScope


class CreateApiKey(RequestModel, frozen=True, kw_only=True):
    """The label and scope of a new key."""

    label: Annotated[str, Meta(max_length=MAX_LABEL_CHARACTERS)] = ""
    scope: KeyScope = KeyScope.READ


class ApiKeyInfo(ResponseModel, frozen=True, kw_only=True):
    """A key in the list, without its raw text."""

    id: UUID
    label: str
    scope: KeyScope
    prefix: str
    """The first eight characters."""
    created_at: str | None
    created_by: UUID | None
    last_used_at: str | None
    """Written at most once a minute."""

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyInfo":
        return cls(
            id=key.id,
            label=key.label,
            scope=key.scope,
            prefix=key.prefix,
            created_at=rfc3339(key.created_at),
            created_by=key.created_by,
            last_used_at=rfc3339(key.last_used_at),
        )


class ApiKeyIssued(ResponseModel, frozen=True, kw_only=True):
    """The only answer with the raw key."""

    id: UUID
    label: str
    scope: KeyScope
    prefix: str
    created_at: str | None
    key: str

    @classmethod
    def of(cls, key: ApiKey, raw: str) -> "ApiKeyIssued":
        return cls(
            id=key.id,
            label=key.label,
            scope=key.scope,
            prefix=key.prefix,
            created_at=rfc3339(key.created_at),
            key=raw,
        )
