"""Embed tokens."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kit.model import Base, TenantOwned

TOKEN_PREFIX = "ept_"  # noqa: S105 - what tokens begin with


class EmbedToken(TenantOwned, Base):
    """What a page shows to become a phone. The raw token is never stored."""

    __tablename__ = "embed_token"
    __table_args__ = (sa.Index(None, "organization_id"),)

    digest: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the raw token."""
    prefix: Mapped[str]
    """Its first eight characters, for people to tell tokens apart."""
    label: Mapped[str] = mapped_column(default="", server_default="")
    allowed_domains: Mapped[list[str]] = mapped_column(
        ARRAY(sa.Text), default=list, server_default=sa.text("'{}'::text[]")
    )
    """Empty means any domain."""
    created_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    last_used_at: Mapped[dt.datetime | None]
    """Written at most once a minute."""
    last_origin: Mapped[str | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
