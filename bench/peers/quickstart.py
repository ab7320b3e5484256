"""Shared code of the exchange benchmark's peers: models, query, checks, and the carrier library's access token.

A peer is an exchange written with another framework. Those with the ORM do what an application in that style does: load
the token with its organization and number in one query, check domain, plan and number, let the carrier's library sign.
Peers have no rate limits and no checksum, and store no last use of a token, which is to their advantage.
"""

import base64
import datetime as dt
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

POOL = {"pool_size": 10, "max_overflow": 0}
TTL = 3600
WIDGET_PLANS = ("pro", "business", "enterprise")
DIALING = {"US": ("1", "1", "011"), "GB": ("44", "0", "00"), "DE": ("49", "0", "00")}
HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
_TICKET_KEY = hashlib.sha256(os.environ["EPOCH_SECRET_KEY"].encode()).digest()


class Base(DeclarativeBase):
    """Plain declarative models, as the libraries' tutorials write them."""

    type_annotation_map = {dt.datetime: sa.TIMESTAMP(timezone=True), str: sa.Text}  # noqa: RUF012 - SQLAlchemy reads it so


class Organization(Base):
    """A tenant."""

    __tablename__ = "organization"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    plan: Mapped[str]
    country: Mapped[str]
    suspended_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]


class PhoneNumber(Base):
    """A number of an organization."""

    __tablename__ = "phone_number"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    e164: Mapped[str]
    released_at: Mapped[dt.datetime | None]


class EmbedToken(Base):
    """A token of an organization."""

    __tablename__ = "embed_token"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    digest: Mapped[bytes]
    allowed_domains: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class Refused(Exception):
    """The exchange is refused."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


_E164 = (
    sa.select(PhoneNumber.e164)
    .where(PhoneNumber.organization_id == Organization.id, PhoneNumber.released_at.is_(None))
    .order_by(PhoneNumber.id)
    .limit(1)
    .scalar_subquery()
)


def look_up(raw: str) -> sa.Select[tuple[EmbedToken, Organization, str | None]]:
    """Load token, organization and number in one query."""
    return (
        sa.select(EmbedToken, Organization, _E164)
        .join(Organization, Organization.id == EmbedToken.organization_id)
        .where(
            EmbedToken.digest == hashlib.sha256(raw.encode()).digest(),
            EmbedToken.revoked_at.is_(None),
            Organization.deleted_at.is_(None),
        )
    )


def answer(row: Any, origin: str | None) -> dict[str, Any]:
    """The widget session for a row of ``look_up``.

    Raises:
        Refused: unknown token, wrong domain, suspended, plan too low, no number.
    """
    if row is None:
        raise Refused(401, "Embed token has been revoked")
    token, organization, e164 = row
    return checked_answer(
        token_id=token.id,
        allowed_domains=token.allowed_domains,
        organization=organization.name,
        plan=organization.plan,
        country=organization.country,
        suspended_at=organization.suspended_at,
        e164=e164,
        origin=origin,
        sign=access_token,
    )


def checked_answer(
    *,
    token_id: UUID,
    allowed_domains: Sequence[str],
    organization: str,
    plan: str,
    country: str,
    suspended_at: dt.datetime | None,
    e164: str | None,
    origin: str | None,
    sign: Callable[[str, int], str],
) -> dict[str, Any]:
    """The widget session; ``sign`` makes the access token of an identity at a Unix time.

    Raises:
        Refused: wrong domain, suspended, plan too low, no number.
    """
    host = urlsplit(origin or "").hostname or ""
    if allowed_domains and not any(host == entry or host.endswith(f".{entry}") for entry in allowed_domains):
        raise Refused(403, "Domain not allowed")
    if suspended_at is not None:
        raise Refused(403, "Organization is suspended")
    if plan not in WIDGET_PLANS:
        raise Refused(403, "Organization plan does not support widgets")
    if e164 is None:
        raise Refused(403, "Organization has no phone number")
    now = int(time.time())
    identity = f"w_{token_id.hex}_{secrets.token_hex(8)}"
    calling_code, trunk_prefix, international_prefix = DIALING[country]
    return {
        "access_token": sign(identity, now),
        "token_type": "twilio",
        "expires_in": TTL,
        "expires_at": dt.datetime.fromtimestamp(now + TTL, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "identity": identity,
        "caller_id": e164,
        "country": country,
        "calling_code": calling_code,
        "trunk_prefix": trunk_prefix,
        "international_prefix": international_prefix,
        "organization": organization,
        "ticket": ticket(token_id, now + TTL),
        "signaling": None,
        "settings": {"theme": "auto", "position": "bottom-right"},
    }


def access_token(identity: str, now: int) -> str:
    """Make an access token with the carrier's library, as its quickstarts do."""
    token = AccessToken(
        os.environ["TWILIO_ACCOUNT_SID"],
        os.environ["TWILIO_API_KEY_SID"],
        os.environ["TWILIO_API_KEY_SECRET"],
        identity=identity,
        ttl=TTL,
        nbf=now - 60,
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=os.environ["TWILIO_TWIML_APP_SID"]))
    signed: str = token.to_jwt()
    return signed


def ticket(token_id: UUID, expires_at: int) -> str:
    """Return a signed ticket: the token was admitted."""
    signature = hmac.digest(_TICKET_KEY, token_id.bytes + expires_at.to_bytes(8, "big"), "sha256")
    return f"{expires_at:x}.{base64.urlsafe_b64encode(signature[:18]).decode()}"
