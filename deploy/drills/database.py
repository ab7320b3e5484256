"""The database of a drill: two PostgreSQL servers under Patroni with etcd, and PgBouncer in front of the primary."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import asyncpg
import httpx

from drills.packages import SYSTEM_PYTHON, Programs
from drills.processes import Process, Processes, await_end, kill_tree
from epoch.server.postgres_programs import Account
from support.ports import unused_port

CONFIG = Path(__file__).parent / "config"
PATIENCE_SECONDS = 180.0
_CONNECT_SECONDS = 3.0


def render(name: str, target: Path, account: Account, /, **values: object) -> Path:
    """Write a configuration file for the drill into ``target``, readable by the programs' user alone."""
    target.write_text(
        Template((CONFIG / name).read_text()).substitute({key: str(value) for key, value in values.items()})
    )
    target.chmod(0o600)
    if account:
        os.chown(target, account["user"], account["group"])
    return target


class Member(NamedTuple):
    """One database server and its Patroni."""

    name: str
    folder: Path
    postgres_port: int
    patroni_port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"


class DatabaseCluster:
    """etcd, two members, and the URLs by which the product reaches whichever is the primary."""

    def __init__(self, folder: Path, programs: Programs, processes: Processes, account: Account) -> None:
        self.folder = folder
        self.password = secrets.token_hex(16)
        self.archive = folder / "archive"
        self.front_port = unused_port()
        """HAProxy's port that leads to the primary."""
        self.members = [
            Member(name, folder / name, unused_port(), unused_port()) for name in ("database1", "database2")
        ]
        self._programs = programs
        self._processes = processes
        self._account = account
        self._etcd_port, self._pooler_port = unused_port(), unused_port()
        self._patroni: dict[str, Process] = {}
        self._others: list[Path] = []
        self._only_port: int | None = None

    @property
    def pooled_url(self) -> str:
        """For requests: through PgBouncer in transaction mode."""
        return f"postgresql://epoch:{self.password}@127.0.0.1:{self._pooler_port}/epoch"

    @property
    def direct_url(self) -> str:
        """For migrations, jobs and commands: both servers, of which the one that can be written to is taken."""
        hosts = ",".join(f"127.0.0.1:{member.postgres_port}" for member in self.members)
        return f"postgresql://epoch:{self.password}@{hosts}/epoch?target_session_attrs=read-write"

    def own_folder(self, name: str) -> Path:
        """A folder that belongs to the programs' user."""
        path = self.folder / name
        path.mkdir(mode=0o700)
        if self._account:
            os.chown(path, self._account["user"], self._account["group"])
        return path

    async def start(self) -> None:
        """Start everything but HAProxy, make the product's user and database, and wait for replication."""
        self.own_folder("archive")
        peers, clients = f"http://127.0.0.1:{unused_port()}", f"http://127.0.0.1:{self._etcd_port}"
        argv = ["etcd", "--name", "etcd", "--data-dir", str(self.own_folder("etcd"))]
        argv += ["--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers]
        argv += ["--initial-advertise-peer-urls", peers, "--initial-cluster", f"etcd={peers}"]
        self._start("etcd", argv)
        for member in self.members:
            self.own_folder(member.name)
            self.start_member(member)
            # The second one copies the first.
            await self.await_primary(member)
        await self._make_database()
        await self.await_synchronous_standby()

    def start_pooler(self) -> Process:
        userlist = self.folder / "userlist.txt"
        userlist.write_text(f'"epoch" "{self.password}"\n')
        userlist.chmod(0o600)
        if self._account:
            os.chown(userlist, self._account["user"], self._account["group"])
        config = render(
            "pgbouncer.ini",
            self.folder / "pgbouncer.ini",
            self._account,
            folder=self.folder,
            database_port=self.front_port,
            pooler_port=self._pooler_port,
        )
        return self._start("pgbouncer", ["pgbouncer", str(config)])

    def start_member(self, member: Member) -> None:
        """Start Patroni, which starts or makes its PostgreSQL."""
        config = render(
            "patroni.yml",
            member.folder / "patroni.yml",
            self._account,
            name=member.name,
            folder=member.folder,
            data=member.data,
            archive=self.archive,
            programs=self._programs.postgres,
            password=self.password,
            etcd_port=self._etcd_port,
            patroni_port=member.patroni_port,
            postgres_port=member.postgres_port,
        )
        argv = [SYSTEM_PYTHON, str(self._programs.root / "usr" / "bin" / "patroni"), str(config)]
        self._patroni[member.name] = self._start(f"patroni {member.name}", argv)

    def kill_member(self, member: Member) -> None:
        """SIGKILL for PostgreSQL and Patroni of a member, as when its machine is lost."""
        postmaster = _postmaster(member.data)
        self._patroni[member.name].kill()
        if postmaster is not None:
            kill_tree(postmaster)
            await_end(postmaster)

    def end_servers(self) -> None:
        """End the servers that no Patroni ends: of one that was killed, and restored ones."""
        for data in self._others:
            if (postmaster := _postmaster(data)) is not None:
                kill_tree(postmaster)
        for member in self.members:
            postmaster = _postmaster(member.data)
            if postmaster is not None and not await_end(postmaster, 10):
                kill_tree(postmaster)

    def also_ends(self, data: Path) -> None:
        """Let ``end_servers`` end the server of ``data`` too."""
        self._others.append(data)

    def serve_from(self, port: int) -> None:
        """Ask the server at ``port`` from now on, which no Patroni watches."""
        self._only_port = port

    async def primary(self) -> Member | None:
        """The member that Patroni calls the primary."""
        for member in self.members:
            if await self.ask_patroni(member, "/primary") == httpx.codes.OK:
                return member
        return None

    async def ask_patroni(self, member: Member, path: str) -> int | None:
        """The status of an answer of Patroni; None while it does not answer."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=_CONNECT_SECONDS) as client:
                return (await client.get(f"http://127.0.0.1:{member.patroni_port}{path}")).status_code
        except httpx.HTTPError:
            return None

    async def await_primary(self, member: Member) -> Member:
        """The primary, once there is one; ``member`` must be the primary or a standby too by then."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._patroni[member.name].ensure_running()
                found = await self.primary()
                if found == member or (found and await self.ask_patroni(member, "/replica") == httpx.codes.OK):
                    return found
                await asyncio.sleep(0.2)

    async def await_synchronous_standby(self) -> None:
        """Wait until each commit waits for the standby."""
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                primary = await self.primary()
                if primary is not None:
                    with contextlib.suppress(OSError, asyncpg.PostgresError):
                        if await self.fetch_value(query, member=primary) == 1:
                            return
                await asyncio.sleep(0.3)

    @contextlib.asynccontextmanager
    async def superuser(self, database: str = "epoch", member: Member | None = None) -> AsyncIterator[Any]:
        """A connection to ``member``, or to the primary."""
        member = member or (None if self._only_port else await self.primary())
        if member is None and self._only_port is None:
            raise ConnectionRefusedError("there is no primary")
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=self._only_port if member is None else member.postgres_port,
            user="postgres",
            password=self.password,
            database=database,
            timeout=_CONNECT_SECONDS,
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def fetch_value(self, query: str, *arguments: object, member: Member | None = None) -> Any:
        async with self.superuser(member=member) as connection:
            return await connection.fetchval(query, *arguments)

    async def _make_database(self) -> None:
        async with self.superuser("postgres") as connection:
            await connection.execute(f"CREATE ROLE epoch LOGIN CREATEROLE PASSWORD '{self.password}'")
            await connection.execute("CREATE DATABASE epoch OWNER epoch")

    def _start(self, name: str, argv: list[str]) -> Process:
        return self._processes.start(name, argv, self._programs.environ, as_account=True)


def _postmaster(data: Path) -> int | None:
    """The process of the server that uses the folder ``data``, if one runs."""
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
        pid = int((data / "postmaster.pid").read_text().split()[0])
        # The number may be another process's since.
        if str(data) in Path(f"/proc/{pid}/cmdline").read_text():
            return pid
    return None
