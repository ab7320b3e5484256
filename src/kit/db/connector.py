"""Opens all database connections: tries the addresses of the URL, sets the role and checks that it is set."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg

from kit.clock import CLOCK
from kit.db.url import DatabaseTarget, parse_database_url

APPLICATION_NAME = "epoch-voice"
DEFAULT_PORT = 5432
STATEMENT_CACHE_SIZE = 100
"""Prepared statements that a direct connection keeps: the driver's default."""
_ADDRESS_FAILURES = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched)
"""Failures after which the next address of the URL is tried; a refused password is not among them."""


class RoleNotSet(ConnectionError):
    """A connection does not run as the role that it was opened for; the message says what to do."""


class DatabaseUnreachable(ConnectionError):
    """No server answers at the URL's addresses; the message names them, the setting and what to do."""


class NoResetConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is returned to the pool without a round trip, because no use leaves session state to reset."""

    def get_reset_query(self) -> str:
        return ""

    async def close(self, **options: Any) -> None:
        """As the driver's, but without an error when the server has closed the connection already.

        The driver's pool closes connections in tasks, so their errors would only fill the log.
        """
        with contextlib.suppress(OSError, asyncpg.PostgresConnectionError):
            await super().close(**options)


class ReplicaConnection(NoResetConnection):
    """A connection to a standby. It is closed without a message to the server, which may no longer answer."""

    async def close(self, **options: Any) -> None:
        del options
        self.terminate()


class TransactionConnection(NoResetConnection):
    """A connection through a pooler that assigns another server connection to each transaction.

    Every statement runs in a transaction. The statement that begins it also sets the role and the settings.
    """

    begin_suffix = ""

    async def execute(self, query: str, *args: object, **options: Any) -> str:
        if args or self.is_in_transaction():
            return str(await super().execute(query, *args, **options))
        if not query.startswith("BEGIN"):
            async with self.transaction():
                return str(await super().execute(query, **options))
        try:
            return str(await super().execute(query + self.begin_suffix, **options))
        except (Exception, asyncio.CancelledError):
            # A transaction whose role may not be set must not be used.
            self.terminate()
            raise

    async def _execute(self, *args: Any, **options: Any) -> Any:
        # All fetch methods of the driver call this one. It sends a statement and its parameters in two round trips.
        if self.is_in_transaction():
            return await super()._execute(*args, **options)
        async with self.transaction():
            return await super()._execute(*args, **options)


class Connector:
    """Opens connections to the database of one URL."""

    def __init__(
        self, url: str, *, by_transaction: bool = False, is_replica: bool = False, setting: str = "EPOCH_DATABASE_URL"
    ) -> None:
        """``by_transaction``: a pooler such as PgBouncer assigns another server connection to each transaction.

        ``is_replica``: ``url`` is that of a standby, whose clock is not used for ``CLOCK``.
        ``setting``: the variable that has the URL, for errors.

        Raises:
            DatabaseUrlError: the URL cannot be used.
        """
        self.target: DatabaseTarget = parse_database_url(url, is_replica=is_replica)
        self.by_transaction = by_transaction
        self.is_replica = is_replica
        self._setting = "EPOCH_DATABASE_REPLICA_URL" if is_replica else setting
        self._first_index = 0
        """Index of the address that is tried first: the one that worked last."""
        self._system_roots: ssl.SSLContext | None = None

    @property
    def sqlalchemy_arguments(self) -> dict[str, Any]:
        """Arguments of SQLAlchemy's dialect: no named prepared statements where transactions change the connection."""
        if not self.by_transaction:
            return {}
        return {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}

    async def open(
        self,
        role: str | None,
        *,
        seconds: float,
        command_timeout: float | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Any:
        """Open a connection that runs as ``role`` (None: as the URL's user) with the given ``settings``.

        ``seconds`` is the limit for all of the URL's addresses together.

        Raises:
            RoleNotSet: the connection does not run as ``role``.
            DatabaseUnreachable: no server answers.
            OSError: a server cannot be used.
        """
        try:
            async with asyncio.timeout(seconds):
                connection = await self._open_any(seconds, command_timeout)
                try:
                    await self._set_role(connection, role, settings or {})
                except (Exception, asyncio.CancelledError):
                    connection.terminate()
                    raise
        except OSError as error:
            if self._is_unreachable(error):
                raise DatabaseUnreachable(
                    f"{self._setting}: no database server answers at {self._address_text};"
                    " start it or correct the address"
                ) from error
            raise
        return connection

    @property
    def _address_text(self) -> str:
        """The addresses as people write them."""
        return ", ".join(f"{host or 'localhost'}:{port or DEFAULT_PORT}" for host, port in self.target.addresses)

    def _is_unreachable(self, error: OSError) -> bool:
        """True when no server was reached; False for refused certificates, unreadable files and lost connections."""
        if isinstance(error, FileNotFoundError):
            # The Unix socket does not exist. Without TLS the URL names no other file that could be missing.
            return any(host.startswith("/") for host, _ in self.target.addresses) and not self.target.tls
        # asyncio raises a plain OSError for unreachable networks and for several failed addresses.
        return type(error) is OSError or isinstance(error, (ConnectionRefusedError, socket.gaierror, TimeoutError))

    async def _open_any(self, seconds: float, command_timeout: float | None) -> Any:
        addresses = self.target.addresses
        session_attributes = self.target.session_attributes
        rounds = ("standby", "any") if session_attributes == "prefer-standby" else (session_attributes,)
        seconds_each = seconds / len(addresses) / len(rounds)
        if self.target.connect_timeout is not None:
            seconds_each = min(seconds_each, self.target.connect_timeout)
        failures: list[Exception] = []
        for attributes in rounds:
            for offset in range(len(addresses)):
                index = (self._first_index + offset) % len(addresses)
                try:
                    connection = await self._open_one(addresses[index], attributes, seconds_each, command_timeout)
                except _ADDRESS_FAILURES as error:
                    failures.append(error)
                else:
                    self._first_index = index
                    return connection
        raise failures[0]

    async def _open_one(
        self, address: tuple[str, int | None], attributes: str, seconds: float, command_timeout: float | None
    ) -> Any:
        host, port = address
        target = self.target
        # The driver accepts the parameters of TLS only in a URL.
        tls = {} if target.trusts_system_roots else target.tls
        return await asyncpg.connect(
            f"postgresql:///?{urlencode(tls)}",
            host=host or None,
            port=port,
            user=target.user,
            password=target.password,
            passfile=Path(target.passfile) if target.passfile else None,
            database=target.database,
            ssl=self._system_context() if target.trusts_system_roots else None,
            target_session_attrs=attributes,
            server_settings={"application_name": APPLICATION_NAME, **target.startup},
            timeout=seconds,
            command_timeout=command_timeout,
            statement_cache_size=0 if self.by_transaction else STATEMENT_CACHE_SIZE,
            connection_class=self._connection_class,
        )

    @property
    def _connection_class(self) -> type[NoResetConnection]:
        if self.by_transaction:
            return TransactionConnection
        return ReplicaConnection if self.is_replica else NoResetConnection

    def _system_context(self) -> ssl.SSLContext:
        if self._system_roots is None:
            context = ssl.create_default_context()
            if "sslcert" in self.target.tls:
                context.load_cert_chain(self.target.tls["sslcert"], self.target.tls.get("sslkey"))
            context.set_alpn_protocols(["postgresql"])
            self._system_roots = context
        return self._system_roots

    async def clock_skew(self, *, seconds: float) -> float:
        """The seconds by which the database's clock is ahead of this machine's; measured now, on a new connection."""
        connection = await self.open(None, seconds=seconds)
        try:
            asked_at = CLOCK.machine_now()
            database_time = await connection.fetchval("SELECT clock_timestamp()")
            CLOCK.measure_skew(database_time, asked_at=asked_at, answered_at=CLOCK.machine_now())
        finally:
            await connection.close()
        return CLOCK.skew.total_seconds()

    async def _set_role(self, connection: Any, role: str | None, settings: Mapping[str, str]) -> None:
        """Set role and settings by statements, because poolers refuse or ignore them as start-up parameters."""
        scope = "SET LOCAL" if self.by_transaction else "SET"
        statements = [f"{scope} ROLE {role}"] if role is not None else []
        statements += [f"{scope} {name} = '{value}'" for name, value in settings.items()]
        try:
            if self.by_transaction:
                connection.begin_suffix = "; ".join(["", *statements])
            elif statements:
                await connection.execute("; ".join(statements))
            if role is not None:
                asked_at = CLOCK.machine_now()
                actual, database_time = await connection.fetchrow("SELECT current_user, clock_timestamp()")
                if not self.is_replica:
                    CLOCK.measure_skew(database_time, asked_at=asked_at, answered_at=CLOCK.machine_now())
                if actual != role:
                    raise RoleNotSet(
                        f"The database runs statements as {actual} instead of {role}: use no pooler "
                        "that drops SET ROLE, or set EPOCH_DATABASE_POOLER=transaction"
                    )
        except (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError) as error:
            raise RoleNotSet(f"The database user cannot become {role} ({error}): run `epoch migrate`") from error
