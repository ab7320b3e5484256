"""Counts stored values that were encrypted with a previous EPOCH_SECRET_KEY, and encrypts them with the present one.

The values are TOTP secrets of customers and staff, payloads of waiting jobs, secrets of webhooks and tokens of HubSpot.
Cookies, tickets, proofs of sign-ups and links to report an invitation also depend on the key, but are not stored.
Sessions, other links and API keys do not depend on it.
"""

from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import AbstractAccount, User
from accounts.totp import TotpSecrets
from admin.models import Staff
from crm.models import HubSpotConnection
from crm.services import token_encryptor
from kit.clock import utc_now
from kit.db.database import Database
from kit.encryption import looks_encrypted
from kit.jobs.models import WAITING_STATUSES, QueuedJob
from kit.jobs.queue import payload_encryptor
from kit.secret_keys import SecretKeys
from webhooks.delivery_store import signing_secrets
from webhooks.models import WebhookEndpoint
from webhooks.signatures import secret_encryptor

_BATCH_ROWS = 500


class StoredSecrets(msgspec.Struct):
    """Counts of values that are encrypted with another secret than the present EPOCH_SECRET_KEY."""

    old_second_factors: int = 0
    """Encrypted with a previous secret: to read them needs EPOCH_SECRET_KEY_PREVIOUS."""
    old_jobs: int = 0
    old_webhooks: int = 0
    old_tokens: int = 0
    unreadable_second_factors: int = 0
    """No known secret decrypts them."""
    unreadable_jobs: int = 0
    unreadable_webhooks: int = 0
    unreadable_tokens: int = 0

    @property
    def old(self) -> str | None:
        """The counts of old values as text, such as ``1 webhook and 2 HubSpot tokens``; None when there are none."""
        return _describe_counts(self.old_second_factors, self.old_jobs, self.old_webhooks, self.old_tokens)

    @property
    def unreadable(self) -> str | None:
        """The counts of unreadable values as text; None when there are none."""
        return _describe_counts(
            self.unreadable_second_factors, self.unreadable_jobs, self.unreadable_webhooks, self.unreadable_tokens
        )

    @property
    def advice(self) -> str:
        """A sentence about the unreadable values."""
        return f"{self.unreadable} cannot be decrypted: put the secret that encrypted them in EPOCH_SECRET_KEY_PREVIOUS"


class StoredSecretService:
    """Reads all accounts, waiting jobs, webhooks and HubSpot connections, some hundred rows in a transaction."""

    def __init__(self, database: Database, secrets: SecretKeys) -> None:
        """``database`` must see all rows."""
        self._database = database
        self._totp = TotpSecrets(secrets)
        self._payloads = payload_encryptor(secrets)
        self._webhooks = secret_encryptor(secrets)
        self._tokens = token_encryptor(secrets)

    async def count(self) -> StoredSecrets:
        """Count the values; change nothing."""
        return await self._walk(renews=False)

    async def renew(self) -> StoredSecrets:
        """Encrypt old values with the present secret; return the counts from before.

        The payloads of running jobs stay; a later call renews those of jobs that wait again.
        """
        return await self._walk(renews=True)

    async def _walk(self, *, renews: bool) -> StoredSecrets:
        found = StoredSecrets()
        for accounts in (User, Staff):
            await self._walk_accounts(accounts, found, renews=renews)
        await self._walk_jobs(found, renews=renews)
        await self._walk_webhooks(found, renews=renews)
        await self._walk_tokens(found, renews=renews)
        return found

    async def _walk_accounts(self, accounts: type[AbstractAccount], found: StoredSecrets, *, renews: bool) -> None:
        query = sa.select(accounts.id, accounts.totp_secret).where(accounts.totp_secret.is_not(None))
        last: Any = None
        while True:
            async with self._database.sessions() as session, session.begin():
                after = query if last is None else query.where(accounts.id > last)
                rows = (await session.execute(after.order_by(accounts.id).limit(_BATCH_ROWS))).all()
                for row in rows:
                    if self._totp.is_current(row.id, row.totp_secret):
                        continue
                    try:
                        renewed = self._totp.encrypt(row.id, self._totp.decrypt(row.id, row.totp_secret))
                    except InvalidTag:
                        found.unreadable_second_factors += 1
                        continue
                    found.old_second_factors += 1
                    if renews:
                        # Not when the person has changed the second factor in the meantime.
                        unchanged = accounts.id == row.id, accounts.totp_secret == row.totp_secret
                        await session.execute(sa.update(accounts).where(*unchanged).values(totp_secret=renewed))
            if len(rows) < _BATCH_ROWS:
                return
            last = rows[-1].id

    async def _walk_jobs(self, found: StoredSecrets, *, renews: bool) -> None:
        query = sa.select(QueuedJob.id, QueuedJob.payload).where(
            QueuedJob.status.in_(WAITING_STATUSES), QueuedJob.payload.is_not(None)
        )
        last = 0
        while True:
            async with self._database.sessions() as session, session.begin():
                page = query.where(QueuedJob.id > last).order_by(QueuedJob.id).limit(_BATCH_ROWS)
                rows = (await session.execute(page)).all()
                for row in rows:
                    await self._process_job(session, row.id, row.payload, found, renews=renews)
            if len(rows) < _BATCH_ROWS:
                return
            last = rows[-1].id

    async def _walk_webhooks(self, found: StoredSecrets, *, renews: bool) -> None:
        last: Any = None
        while True:
            async with self._database.sessions() as session, session.begin():
                page = sa.select(WebhookEndpoint).order_by(WebhookEndpoint.id).limit(_BATCH_ROWS)
                after = page if last is None else page.where(WebhookEndpoint.id > last)
                rows = (await session.scalars(after.with_for_update())).all()
                for row in rows:
                    self._process_webhook(row, found, renews=renews)
            if len(rows) < _BATCH_ROWS:
                return
            last = rows[-1].id

    def _process_webhook(self, row: WebhookEndpoint, found: StoredSecrets, *, renews: bool) -> None:
        # A secret that no longer signs is never read again.
        signing = [secret for secret in signing_secrets(row, utc_now()) if looks_encrypted(secret)]
        renewed = {secret: self._webhooks.renew(secret) for secret in signing if not self._webhooks.is_current(secret)}
        found.unreadable_webhooks += None in renewed.values()
        found.old_webhooks += any(renewed.values())
        if renews:
            row.secret = renewed.get(row.secret) or row.secret
            if row.previous_secret is not None:
                row.previous_secret = renewed.get(row.previous_secret) or row.previous_secret

    async def _walk_tokens(self, found: StoredSecrets, *, renews: bool) -> None:
        last: Any = None
        while True:
            async with self._database.sessions() as session, session.begin():
                page = sa.select(HubSpotConnection).order_by(HubSpotConnection.id).limit(_BATCH_ROWS)
                after = page if last is None else page.where(HubSpotConnection.id > last)
                rows = (await session.scalars(after.with_for_update())).all()
                for row in rows:
                    self._process_token(row, found, renews=renews)
            if len(rows) < _BATCH_ROWS:
                return
            last = rows[-1].id

    def _process_token(self, row: HubSpotConnection, found: StoredSecrets, *, renews: bool) -> None:
        if not looks_encrypted(row.access_token) or self._tokens.is_current(row.access_token):
            return
        renewed = self._tokens.renew(row.access_token)
        if renewed is None:
            found.unreadable_tokens += 1
            return
        found.old_tokens += 1
        if renews:
            row.access_token = renewed

    async def _process_job(
        self, session: AsyncSession, job_id: int, payload: bytes, found: StoredSecrets, *, renews: bool
    ) -> None:
        encrypted = payload.decode(errors="replace")
        if not looks_encrypted(encrypted) or self._payloads.is_current(encrypted):
            return
        renewed = self._payloads.renew(encrypted)
        if renewed is None:
            found.unreadable_jobs += 1
            return
        found.old_jobs += 1
        if renews:
            waiting = QueuedJob.id == job_id, QueuedJob.status == "queued"
            await session.execute(sa.update(QueuedJob).where(*waiting).values(payload=renewed.encode()))


def _describe_counts(second_factors: int, jobs: int, webhooks: int, tokens: int) -> str | None:
    counted = [
        (second_factors, "second factor"),
        (jobs, "waiting job"),
        (webhooks, "webhook"),
        (tokens, "HubSpot token"),
    ]
    texts = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counted if count]
    return " and ".join(", ".join(part) for part in (texts[:-1], texts[-1:]) if part) or None
