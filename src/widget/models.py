"""Tables of embed tokens, of the origins of blocked pages, and of the phone's files of the last releases."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned

TOKEN_PREFIX = "ept_"  # noqa: S105 - what tokens begin with
TOKEN_PLACEHOLDER = f"{TOKEN_PREFIX}YOUR_TOKEN_HERE"
"""Stands for a raw token in kits and in the guides' examples."""
MAX_ACTIVE_TOKENS = 50
"""Of an organization, unless its ``limits`` say otherwise (``active_tokens``)."""
MAX_LABEL_CHARACTERS = 64
MAX_BLOCKED_ORIGINS = 20
"""Rows of one token, in the table and on the page."""


class EmbedToken(TenantOwned, Base):
    """The public credential with which a page loads the phone. The raw token is never stored."""

    __tablename__ = "embed_token"
    __table_args__ = (
        sa.Index(None, "organization_id"),
        sa.Index("ix_embed_token_prefix", "prefix"),
        sa.Index(
            "ix_embed_token_active",
            "organization_id",
            sa.text("id DESC"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
        # A token that works on any website must not show recent calls.
        sa.CheckConstraint("NOT recent_calls OR cardinality(allowed_domains) > 0", name="recent_calls"),
    )

    digest: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the raw token."""
    prefix: Mapped[str]
    """The first eight characters of the raw token, by which people recognize it."""
    label: Mapped[str] = mapped_column(default="", server_default="")
    allowed_domains: Mapped[list[str]] = mapped_column(
        ARRAY(sa.Text), default=list, server_default=sa.text("'{}'::text[]")
    )
    """Empty means any domain."""
    recent_calls: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True if a verified person sees their own recent calls with this token, from all their computers."""
    from_numbers: Mapped[list[UUID]] = mapped_column(
        ARRAY(sa.Uuid), default=list, server_default=sa.text("'{}'::uuid[]")
    )
    """Ids of the numbers that its calls may show, the default one first; empty means all."""
    for_dashboard: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True for the token with which members call from the dashboard: see ``widget.dashboard_phone``."""
    created_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    last_used_at: Mapped[dt.datetime | None]
    """Written at most once a minute."""
    last_origin: Mapped[str | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))


class BlockedOrigin(TenantOwned, Base):
    """The origin of pages that were blocked because their domain is not on the token's list."""

    __tablename__ = "blocked_origin"
    __table_args__ = (sa.UniqueConstraint("token_id", "origin"), sa.Index(None, "organization_id"))

    token_id: Mapped[UUID] = mapped_column(sa.ForeignKey("embed_token.id", ondelete="CASCADE"))
    origin: Mapped[str]
    """As the browser sent it, cut to 100 characters."""
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())


class WidgetFile(Base):
    """A file of the phone from a release, for pages that loaded or pinned that release."""

    __tablename__ = "widget_file"

    name: Mapped[str] = mapped_column(unique=True)
    """Its path below ``/widget/``: a name with a hash, or ``<version>/phone.js``."""
    gzip: Mapped[bytes]
    brotli: Mapped[bytes | None]
    """NULL for phone.js, which every deployment compresses after writing its public URL into it."""
    released_at: Mapped[dt.datetime]
    """The time of the last ``epoch migrate`` of a release that contains this file."""
