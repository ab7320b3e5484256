"""A two-node installation of the product on loopback: balancer, nodes, jobs, rate-limit store and sandbox carrier."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from drills.database import PATIENCE_SECONDS, DatabaseCluster, render
from drills.documented import ServiceManager
from drills.packages import Programs
from drills.processes import ROOT, Process, Processes
from epoch.server.postgres_programs import Account, server_account
from kit.settings import Settings, load_settings
from support.ports import unused_port

EPOCH = (sys.executable, "-P", "-m", "epoch")
NODES = ("node1", "node2")
DRAIN_SECONDS = "3"
"""More than HAProxy needs to notice: two checks, half a second apart."""
COMMAND_SECONDS = 120.0


class Installation:
    """The running installation. Its folder, ports and processes are its own."""

    def __init__(self, folder: Path, programs: Programs, processes: Processes) -> None:
        self.account = server_account(folder)
        """The user of programs that refuse to run as root."""
        self.folder = folder
        self.release = ROOT
        """The folder of the release that processes and commands run from now on."""
        self.programs = programs
        self.processes = processes
        self.database = DatabaseCluster(folder, programs, processes, self.account)
        self.manager = ServiceManager(folder)
        self.ports = {name: unused_port() for name in (*NODES, "jobs1", "jobs2")}
        self.running: dict[str, Process] = {}
        """The product's processes by their names, and ``valkey``."""
        self.public_port = unused_port()
        self._valkey_port, self._sandbox_port = unused_port(), unused_port()

    @property
    def url(self) -> str:
        """The balancer's address."""
        return f"http://localhost:{self.public_port}"

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ("node1"))

    def environ(self, name: str, **changed: str) -> dict[str, str]:
        """The settings of a node, or of commands."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("EPOCH_", "TWILIO_"))}
        return {
            **inherited,
            "PYTHONPATH": str(self.release / "src"),
            "EPOCH_PORT": str(self.ports.get(name, self.ports["node1"])),
            "EPOCH_PUBLIC_URL": self.url,
            "EPOCH_DATABASE_URL": self.database.pooled_url,
            "EPOCH_DATABASE_POOLER": "transaction",
            "EPOCH_DATABASE_DIRECT_URL": self.database.direct_url,
            "EPOCH_DATABASE_CONNECTIONS": "12",
            "EPOCH_DATABASE_CONNECTION_LIMIT": "80",
            "EPOCH_VALKEY_URL": f"valkey://127.0.0.1:{self._valkey_port}",
            "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
            "EPOCH_DRAIN_SECONDS": DRAIN_SECONDS,
            "EPOCH_SANDBOX_ADDRESS": f"127.0.0.1:{self._sandbox_port}",
            "EPOCH_DATA_DIR": str(self.folder / "product"),
            **changed,
        }

    async def start(self) -> None:
        """Start everything, with one process that runs jobs, and wait until the balancer reaches both nodes."""
        await self.manager.start(self._restart_unit)
        haproxy = asyncio.create_task(self._start_balancer())
        await self.database.start()
        await haproxy
        self.database.start_pooler()
        self.start_valkey()
        self.processes.start(
            "sandbox carrier",
            [sys.executable, "-P", "-m", "sandbox", "--port", str(self._sandbox_port)],
            self.environ("sandbox"),
        )
        await self._await_answer(f"http://127.0.0.1:{self._sandbox_port}/sandbox/calls", "sandbox carrier")
        for command in (("migrate",), ("carrier", "setup"), ("seed",)):
            await self.command(*command)
        await asyncio.gather(*(self.start_node(name) for name in NODES), self.start_jobs("jobs1"))

    async def start_node(self, name: str, **changed: str) -> None:
        """Start ``epoch serve`` with ``changed`` settings, and wait until it is ready."""
        self.running[name] = self.processes.start(name, [*EPOCH, "serve"], self.environ(name, **changed))
        await self.await_ready(name)

    async def start_jobs(self, name: str, **changed: str) -> None:
        self.running[name] = self.processes.start(name, [*EPOCH, "jobs"], self.environ(name, **changed))
        await self.await_ready(name)

    def start_valkey(self) -> None:
        argv = ["redis-server", "--port", str(self._valkey_port), "--bind", "127.0.0.1", "--save", "", "--dir", "/"]
        self.running["valkey"] = self.processes.start("valkey", argv, self.programs.environ, as_account=True)

    async def _restart_unit(self, machine_and_unit: str) -> None:
        """Restart a unit of deploy/systemd as systemd does: SIGTERM, the process's end, a new one."""
        machine, unit = machine_and_unit.split()
        name = {"epoch-serve": machine, "epoch-jobs": "jobs1"}[unit]
        process = self.running[name]
        process.send(signal.SIGTERM)
        if status := await process.ended():
            raise RuntimeError(f"{name} ended with status {status}, see {process.log}")
        await (self.start_node(name) if unit == "epoch-serve" else self.start_jobs(name))

    async def await_ready(self, name: str) -> None:
        await self._await_answer(f"http://127.0.0.1:{self.ports[name]}/health/ready", name)
        # The balancer asks twice a second, and has to find it too.
        await asyncio.sleep(1.5)

    async def dependencies(self, name: str) -> Mapping[str, Any]:
        """The answer to ``GET /health/dependencies`` of a node."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer: dict[str, Any] = (
                await client.get(f"http://127.0.0.1:{self.ports[name]}/health/dependencies")
            ).json()
            return answer

    async def command(self, *arguments: str, check: bool = True, **changed: str) -> str:
        """Run a command of the product; return what it printed. Raises: RuntimeError, when it fails and may not."""
        process = await asyncio.create_subprocess_exec(
            *EPOCH,
            *arguments,
            env=self.environ("command", **changed),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        text = output.decode()
        if check and process.returncode != 0:
            raise RuntimeError(f"epoch {' '.join(arguments)} ended with status {process.returncode}:\n{text}")
        return text

    async def _start_balancer(self) -> None:
        ports = {f"{name}_port": port for name, port in self.ports.items()}
        for number, member in enumerate(self.database.members, 1):
            ports |= {f"database{number}_port": member.postgres_port, f"patroni{number}_port": member.patroni_port}
        config = render(
            "haproxy.cfg",
            self.folder / "haproxy.cfg",
            self.account,
            folder=self.folder,
            public_port=self.public_port,
            database_port=self.database.front_port,
            **ports,
        )
        self.processes.start("haproxy", ["haproxy", "-f", config], self.programs.environ, as_account=True)

    async def _await_answer(self, url: str, name: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False, timeout=10) as client:
            while True:
                if name in self.running:
                    self.running[name].ensure_running()
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(url)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def installation(programs: Programs, *, keeps_logs: bool = False) -> AsyncIterator[Installation]:
    """Start an installation in a temporary folder; at the end stop it, and remove the folder unless logs are kept."""
    folder, account = _make_folder()
    processes = Processes(folder, account)
    running = Installation(folder, programs, processes)
    try:
        await running.start()
        yield running
    finally:
        running.manager.close()
        await asyncio.to_thread(processes.close)
        await asyncio.to_thread(running.database.end_servers)
        if not keeps_logs:
            shutil.rmtree(folder, ignore_errors=True)


def _make_folder() -> tuple[Path, Account]:
    """A new folder of the user that runs the other programs, and this user."""
    folder = Path(tempfile.mkdtemp(prefix="epoch-drill-"))
    folder.chmod(0o755)
    account = server_account(folder)
    if account:
        os.chown(folder, account["user"], account["group"])
    return folder, account
