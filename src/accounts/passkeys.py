"""Stores passkeys in the database: finds, adds, renames and removes those of an account, and records their use."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from accounts.errors import LastSecondFactor, NotSignedIn, PasskeyRefused, TooManyPasskeys
from accounts.models import AbstractAccount, AbstractPasskey
from accounts.passkey_ceremony import NewPasskey
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from kit.text import is_valid_text

MAX_PASSKEYS = 10
MAX_PASSKEY_NAME_CHARACTERS = 60


class PasskeyService:
    """The passkeys of one kind of account: customers or staff."""

    def __init__(self, session: AsyncSession, account_model: type[AbstractAccount]) -> None:
        self._session = session
        self._account_model = account_model
        self._model = account_model.passkey_model

    async def list(self, user_id: UUID) -> Sequence[AbstractPasskey]:
        """The passkeys of an account, the oldest first."""
        rows = self._model
        return (await self._session.scalars(sa.select(rows).where(rows.user_id == user_id).order_by(rows.id))).all()

    async def get(self, user_id: UUID, passkey_id: UUID) -> AbstractPasskey:
        """One passkey of an account. Raises: NotFound."""
        rows = self._model
        query = sa.select(rows).where(rows.user_id == user_id, rows.id == passkey_id)
        passkey: AbstractPasskey | None = await self._session.scalar(query)
        if passkey is None:
            raise NotFound
        return passkey

    async def find_with_account(self, credential_id: bytes) -> tuple[AbstractPasskey, AbstractAccount] | None:
        """The passkey with this credential id and its account, unless that is disabled."""
        rows, accounts = self._model, self._account_model
        query = sa.select(rows, accounts).join(accounts, accounts.id == rows.user_id)
        found = (
            await self._session.execute(
                query.where(rows.credential_id == credential_id, accounts.disabled_at.is_(None))
            )
        ).one_or_none()
        return None if found is None else (found[0], found[1])

    async def add(self, user_id: UUID, new: NewPasskey, *, name: str, by: Actor) -> AbstractAccount:
        """Add a passkey and return its account.

        Raises: NotSignedIn (the account is disabled), TooManyPasskeys, ValidationFailed (the name), PasskeyRefused (the
        passkey is known already).
        """
        name = parse_passkey_name(name)
        account = await self._lock_account(user_id)
        if len(await self.list(user_id)) >= MAX_PASSKEYS:
            raise TooManyPasskeys
        rows = self._model
        added = insert(rows).values(
            id=uuid7(),
            user_id=user_id,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            transports=list(new.transports),
            name=name,
        )
        passkey_id = await self._session.scalar(added.on_conflict_do_nothing().returning(rows.id))
        if passkey_id is None:
            raise PasskeyRefused
        account.has_passkey = True
        await record(self._session, by, "passkey.added", subject_id=passkey_id, subject_name=name)
        return account

    async def rename(self, user_id: UUID, passkey_id: UUID, name: str, *, by: Actor) -> None:
        """Change a passkey's name. Raises: NotFound, ValidationFailed."""
        passkey = await self.get(user_id, passkey_id)
        before, passkey.name = passkey.name, parse_passkey_name(name)
        changed = {"before": {"name": before}, "after": {"name": passkey.name}}
        await record(self._session, by, "passkey.renamed", subject_id=passkey.id, details=changed)

    async def remove(self, user_id: UUID, passkey_id: UUID, *, by: Actor) -> tuple[AbstractAccount, str]:
        """Remove a passkey; return its account and name.

        Raises: NotFound, NotSignedIn, LastSecondFactor (the account must keep one).
        """
        account = await self._lock_account(user_id)
        passkey = await self.get(user_id, passkey_id)
        is_last = len(await self.list(user_id)) == 1
        if is_last and account.needs_second_factor and account.totp_enabled_at is None:
            raise LastSecondFactor
        await self._session.delete(passkey)
        account.has_passkey = not is_last
        await self._session.flush()
        await record(self._session, by, "passkey.removed", subject_id=passkey.id, subject_name=passkey.name)
        return account, passkey.name

    async def record_use(self, passkey: AbstractPasskey, sign_count: int) -> None:
        """Store the authenticator's counter and the time of a use.

        Raises: PasskeyRefused, when another use stored the same or a higher counter.
        """
        rows = self._model
        advances = sa.or_(rows.sign_count < sign_count, sa.and_(rows.sign_count == 0, sa.literal(sign_count) == 0))
        used = sa.update(rows).where(rows.id == passkey.id, advances)
        values = {"sign_count": sign_count, "last_used_at": utc_now()}
        if await self._session.scalar(used.values(values).returning(rows.id)) is None:
            raise PasskeyRefused

    async def _lock_account(self, user_id: UUID) -> AbstractAccount:
        """The account, locked: of two concurrent removals the second one sees the first. Raises: NotSignedIn."""
        rows = self._account_model
        query = sa.select(rows).where(rows.id == user_id, rows.disabled_at.is_(None)).with_for_update()
        account: AbstractAccount | None = await self._session.scalar(query)
        if account is None:
            raise NotSignedIn
        return account


def parse_passkey_name(typed: str) -> str:
    """A passkey's name as it is stored. Raises: ValidationFailed."""
    name = typed.strip()
    if not name:
        raise ValidationFailed([("name", "Give the passkey a name")])
    if not is_valid_text(name) or "\n" in name or "\r" in name:
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if len(name) > MAX_PASSKEY_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"At most {MAX_PASSKEY_NAME_CHARACTERS} characters")])
    return name
