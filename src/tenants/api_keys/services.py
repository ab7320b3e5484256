"""Creates, lists and revokes API keys."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from kit import secrets
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from kit.text import is_valid_text
from tenants.api_keys.errors import TooManyKeys
from tenants.models import ApiKey, KeyScope, Organization

API_KEY_PREFIX = "epk_"
MAX_LABEL_CHARACTERS = 64
MAX_ACTIVE_KEYS = 50
ACTIVE_KEYS_LIMIT_NAME = "active_keys"
"""The name under which an organization's ``limits`` override ``MAX_ACTIVE_KEYS``."""


class ApiKeyService:
    """API keys of one organization at a time."""

    class Repository(SQLAlchemyAsyncRepository[ApiKey]):
        model_type = ApiKey

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._keys = self.Repository(session=session)

    async def issue(self, organization_id: UUID, *, label: str, scope: KeyScope, by: Actor) -> tuple[ApiKey, str]:
        """Create a key and return it with its raw text, which is never stored.

        Raises:
            ValidationFailed: the label cannot be stored.
            TooManyKeys: the organization has the maximum number of active keys.
        """
        checked_label = parse_label(label)
        # Locks the organization's row, so that two keys created at once cannot both be the last one allowed.
        limits = await self._session.scalar(
            sa.select(Organization.limits).where(Organization.id == organization_id).with_for_update(key_share=True)
        )
        if await self._keys.count(*_is_active(organization_id)) >= int(
            (limits or {}).get(ACTIVE_KEYS_LIMIT_NAME, MAX_ACTIVE_KEYS)
        ):
            raise TooManyKeys
        minted = secrets.mint(API_KEY_PREFIX)
        key = await self._keys.add(
            ApiKey(
                organization_id=organization_id,
                label=checked_label,
                scope=scope,
                digest=minted.digest,
                prefix=minted.hint,
                created_by=by.user_id,
            )
        )
        await self._record(key, "api_key.created", by)
        return key, minted.raw

    async def list_active(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[ApiKey]:
        """``limit`` + 1 active keys, newest first."""
        query = sa.select(ApiKey).where(*_is_active(organization_id)).order_by(ApiKey.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(ApiKey.id < after)
        rows: Sequence[ApiKey] = (await self._session.scalars(query)).all()
        return rows

    async def get_active(self, organization_id: UUID, key_id: UUID) -> ApiKey:
        """One active key. Raises: NotFound."""
        key = await self._keys.get_one_or_none(*_is_active(organization_id), ApiKey.id == key_id)
        if key is None:
            raise NotFound
        return key

    async def revoke(self, organization_id: UUID, key_id: UUID, *, by: Actor) -> None:
        """Revoke a key permanently; after the commit no request with it succeeds. Raises: NotFound."""
        key = await self.get_active(organization_id, key_id)
        key.revoked_at, key.revoked_by = utc_now(), by.user_id
        await self._record(key, "api_key.revoked", by)

    async def _record(self, key: ApiKey, action: str, by: Actor) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=key.organization_id,
            subject_id=key.id,
            subject_name=key.label or key.prefix,
            details={"scope": key.scope.value},
        )


def parse_label(typed: str) -> str:
    """A label as it is stored. Raises: ValidationFailed."""
    if not is_valid_text(typed):
        raise ValidationFailed([("label", "Control characters are not allowed")])
    if len(typed) > MAX_LABEL_CHARACTERS:
        raise ValidationFailed([("label", f"At most {MAX_LABEL_CHARACTERS} characters")])
    return typed.strip()


def _is_active(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return ApiKey.owned_by(organization_id), ApiKey.revoked_at.is_(None)
