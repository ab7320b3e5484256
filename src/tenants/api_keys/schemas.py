"""Request and response bodies of the endpoints for API keys."""

from typing import Annotated

from msgspec import Meta

from kit.schemas import RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339
from tenants.api_keys.services import MAX_LABEL_CHARACTERS
from tenants.models import ApiKey, KeyScope

KeyLabel = Annotated[str, Meta(examples=["CRM sync"])]
KeyPrefix = Annotated[str, Meta(examples=["epk_Exam"])]
"""The first eight characters."""


class CreateApiKey(RequestModel, frozen=True, kw_only=True):
    """The label and scope of a new key."""

    label: Annotated[KeyLabel, Meta(max_length=MAX_LABEL_CHARACTERS)] = ""
    scope: KeyScope = KeyScope.WRITE


class ApiKeyInfo(ResponseModel, frozen=True, kw_only=True):
    """A key in the list, without its raw text."""

    id: ResourceId
    label: KeyLabel
    scope: KeyScope
    prefix: KeyPrefix
    created_at: Timestamp | None
    created_by: ResourceId | None
    last_used_at: Timestamp | None
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
    """The only response that contains the key itself."""

    id: ResourceId
    label: KeyLabel
    scope: KeyScope
    prefix: KeyPrefix
    created_at: Timestamp | None
    key: Annotated[str, Meta(examples=["epk_Example0Example0Example0Example0000000"])]

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
