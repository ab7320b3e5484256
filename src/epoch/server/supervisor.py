"""The process of ``epoch run``, ``serve`` and ``jobs`` that starts, watches and stops the other processes.

These are the workers and, for ``epoch run``, the embedded database and the sandbox carrier.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from epoch.process_role import ProcessRole
from epoch.server.child_processes import ChildProcess
from epoch.server.embedded_postgres import EmbeddedPostgres
from epoch.server.start_up import START_UP_MODULE, START_UP_NAME, ServeRequest, Step, run_step
from kit.db.connections import share_replica_connections
from kit.environment import SettingsError
from kit.metrics import forget_worker
from kit.settings import Settings

Result = TypeVar("Result")

LISTEN_BACKLOG = 2048
WORKER_NAME = "worker"
WORKER_GRACE_SECONDS = 16.0
"""Seconds in which a worker must end after it has drained: 10 for its requests, 5 for its application, 1 spare."""
SANDBOX_GRACE_SECONDS = 5.0
START_UP_GRACE_SECONDS = 5.0
FORCED_EXIT_SECONDS = 5.0
"""Seconds after a second signal after which this process ends even if a child has not ended."""
RESTART_DELAYS_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Delays before a child that died is started again, one after the other; the last one repeats."""
HEALTHY_AFTER_SECONDS = 60.0
"""After a child that ran for this long, the delays begin with the first one again."""


def listen(settings: Settings) -> socket.socket:
    """Open the listening socket; commands do so before they start anything else.

    Raises:
        SettingsError: the host and port of the settings cannot be listened on.
    """
    host_and_port = f"EPOCH_HOST={settings.host} EPOCH_PORT={settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(LISTEN_BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host_and_port}: {error.strerror or error}; choose another EPOCH_PORT"
        ) from error
    return listener


class Supervisor:
    """Runs the processes of one role until it is stopped."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        say: Callable[[str], None],
        role: ProcessRole = ProcessRole.RUN,
    ) -> None:
        """``environ`` is the environment of the workers; ``say`` prints a line for people."""
        self._role = role
        self._settings = settings
        self._environ = dict(environ)
        self._print = say
        self._database: EmbeddedPostgres | None = None
        self._children: set[ChildProcess] = set()
        self._start_up: ChildProcess | None = None
        """The child that does the steps of the start; None once they are done."""
        self._threads: set[asyncio.Future[Any]] = set()
        self._start_up_grace: float | None = START_UP_GRACE_SECONDS
        """Seconds in which a step of the start must end after a signal; None is no limit."""
        self._demo = ""
        """Lines about how to use the demo; empty without one, and in ``epoch serve``."""
        self._stopping = asyncio.Event()

    async def run(self, listener: socket.socket) -> None:
        """Serve on ``listener`` until SIGINT or SIGTERM; a second one forces the end.

        Raises:
            Exception: the error because of which a part did not start. All parts have been stopped then.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        # Not in the data folder, which another run may use at the same time.
        with tempfile.TemporaryDirectory(prefix="epoch-metrics-") as metrics_folder:
            await self._serve_until_stopped(listener, Path(metrics_folder))

    async def _serve_until_stopped(self, listener: socket.socket, metrics_folder: Path) -> None:
        serving = asyncio.create_task(self._serve(listener, metrics_folder))
        stop_requested = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({serving, stop_requested}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                _raise_first(serving.exception())
        finally:
            for task in (serving, stop_requested):
                task.cancel()
            await asyncio.gather(serving, stop_requested, return_exceptions=True)
            listener.close()
            await self._shut_down()

    def _on_signal(self) -> None:
        if not self._stopping.is_set():
            self._print("Stopping …")
            self._stopping.set()
            return
        for child in self._children:
            child.kill()
        asyncio.get_running_loop().call_later(FORCED_EXIT_SECONDS, os._exit, 1)

    async def _serve(self, listener: socket.socket, metrics_folder: Path) -> None:
        start_worker = partial(self._spawn_worker, listener.fileno(), metrics_folder)
        async with asyncio.TaskGroup() as tasks:
            # Children import the program while the database is prepared.
            starts_sandbox = self._settings.is_sandbox and self._role is ProcessRole.RUN
            sandbox = tasks.create_task(self._start_sandbox()) if starts_sandbox else None
            start_up, workers = await self._spawn_start_up(start_worker)
            spawning = [tasks.create_task(start_worker(slot)) for slot in range(len(workers), self._settings.workers)]
            if self._role is ProcessRole.RUN:
                await self._prepare_database(start_up)
            await self._run_step(start_up, Step.CHECK_DATABASE)
            if sandbox is not None:
                self._print("Starting the sandbox carrier …")
                carrier, address = await sandbox
                await self._set_up_sandbox(start_up, address)
                tasks.create_task(self._restart_on_exit(carrier, partial(self._restart_sandbox, address)))
            self._start_up = None
            if start_up not in workers:
                await self._end_start_up(start_up)
            self._print(f"Starting workers: {self._settings.workers} …")
            workers += [await task for task in spawning]
            for worker in workers:
                await self._send_serve_request(worker)
            for slot, worker in enumerate(workers):
                await worker.read_line()
                restart = partial(self._restart_worker, partial(start_worker, slot))
                forget = partial(forget_worker, metrics_folder, slot)
                tasks.create_task(self._restart_on_exit(worker, restart, on_exit=forget))
            self._announce()

    async def _spawn_start_up(
        self, start_worker: Callable[[int], Awaitable[ChildProcess]]
    ) -> tuple[ChildProcess, list[ChildProcess]]:
        """Start the child that does the steps of the start. ``epoch serve`` and ``jobs`` then refuse a wrong schema.

        Returns the child, and the workers that run by now.
        """
        if self._role is ProcessRole.RUN:
            self._start_up = worker = await start_worker(0)
            return worker, [worker]
        self._start_up = start_up = await self._spawn(START_UP_NAME, START_UP_MODULE)
        # Before workers start: a refusal need not wait for their imports.
        await self._run_step(start_up, Step.ENSURE_SCHEMA)
        return start_up, []

    async def _prepare_database(self, start_up: ChildProcess) -> None:
        if self._settings.owner_url is None:
            folder = self._settings.data_dir / "postgres"
            self._print(f"Starting PostgreSQL in {folder} …")
            self._database = EmbeddedPostgres(folder)
            url = await self._in_thread(self._database.start)
            self._settings = msgspec.structs.replace(self._settings, database_url=url)
        self._print("Bringing the database to this version …")
        # A signal does not interrupt this step.
        self._start_up_grace = None
        await self._run_step(start_up, Step.INSTALL_RELEASE)
        self._start_up_grace = START_UP_GRACE_SECONDS

    async def _run_step(self, start_up: ChildProcess, step: Step) -> str:
        is_embedded = self._database is not None
        return await run_step(start_up, step, self._print, environ=self._late_environ(), is_embedded=is_embedded)

    async def _end_start_up(self, start_up: ChildProcess) -> None:
        await start_up.stop(START_UP_GRACE_SECONDS)
        self._children.discard(start_up)

    async def _start_sandbox(self, *arguments: str) -> tuple[ChildProcess, str]:
        child = await self._spawn("sandbox carrier", "sandbox", *arguments)
        address = msgspec.json.decode(await child.read_line(), type=dict[str, Any])["address"]
        return child, str(address)

    async def _set_up_sandbox(self, start_up: ChildProcess, address: str) -> None:
        self._settings = msgspec.structs.replace(self._settings, sandbox_address=address)
        self._demo = await self._run_step(start_up, Step.SET_UP_SANDBOX)

    async def _restart_sandbox(self, address: str) -> ChildProcess:
        # On the same port, because workers and open pages use the old address.
        child, address = await self._start_sandbox("--port", address.rpartition(":")[2])
        try:
            start_up = await self._spawn(START_UP_NAME, START_UP_MODULE)
            try:
                await self._set_up_sandbox(start_up, address)
            finally:
                await self._end_start_up(start_up)
        except Exception:
            # The next attempt needs the port.
            await child.stop(SANDBOX_GRACE_SECONDS)
            self._children.discard(child)
            raise
        return child

    async def _restart_worker(self, start: Callable[[], Awaitable[ChildProcess]]) -> ChildProcess:
        worker = await start()
        await self._send_serve_request(worker)
        return worker

    async def _send_serve_request(self, worker: ChildProcess) -> None:
        await worker.write_line(msgspec.json.encode(ServeRequest(self._late_environ())))

    def _late_environ(self) -> dict[str, str]:
        """Environment variables whose values the start determines: the database's URL and the sandbox's address."""
        settings = self._settings
        variables = {"EPOCH_DATABASE_URL": settings.database_url, "EPOCH_SANDBOX_ADDRESS": settings.sandbox_address}
        return {name: value for name, value in variables.items() if value is not None}

    async def _restart_on_exit(
        self,
        child: ChildProcess,
        restart: Callable[[], Awaitable[ChildProcess]],
        *,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        """Start a child again whenever it ends, after longer and longer delays while it keeps failing."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            status = await child.wait()
            self._children.discard(child)
            if on_exit is not None:
                on_exit()
            if loop.time() - began > HEALTHY_AFTER_SECONDS:
                failures = 0
            self._print(f"The {child.name} ended (exit status {status}) and is started again.")
            await asyncio.sleep(RESTART_DELAYS_SECONDS[min(failures, len(RESTART_DELAYS_SECONDS) - 1)])
            failures += 1
            try:
                child = await restart()
            except Exception as error:
                # The cause may pass. The next round tries again, because ``wait`` of the old child returns at once.
                self._print(f"The {child.name} did not start: {error}")

    async def _spawn_worker(self, fd: int, metrics_folder: Path, slot: int) -> ChildProcess:
        arguments = str(fd), str(slot), str(metrics_folder), self._role.value
        return await self._spawn(WORKER_NAME, "epoch.server.worker", *arguments, pass_fds=(fd,))

    async def _spawn(self, name: str, module: str, *arguments: str, pass_fds: Sequence[int] = ()) -> ChildProcess:
        # -P: nothing is imported from the working directory.
        argv = [sys.executable, "-P", "-m", module, *arguments]
        child = await ChildProcess.spawn(name, argv, environ=self._environ, pass_fds=pass_fds)
        self._children.add(child)
        return child

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """Run blocking work; it cannot be interrupted, so ``_shut_down`` waits for it."""
        thread = asyncio.get_running_loop().run_in_executor(None, work)
        self._threads.add(thread)
        return await asyncio.shield(thread)

    def _announce(self) -> None:
        url = self._settings.public_url
        if self._role.answers_requests:
            self._print(f"Epoch Voice serves on {url}")
        else:
            self._print(f"Epoch Voice runs jobs, and answers GET /health/ready on port {self._settings.port}")
        workers, connections = self._settings.workers, self._settings.database_connections
        self._print(
            f"  PostgreSQL  at most {workers} x {connections} connections (workers x EPOCH_DATABASE_CONNECTIONS)"
        )
        if self._settings.database_replica_url is not None and self._role.answers_requests:
            of_replica = share_replica_connections(connections).total
            self._print(f"  replica     at most {workers} x {of_replica} connections (EPOCH_DATABASE_REPLICA_URL)")
        if self._role is ProcessRole.SERVE:
            self._print("  jobs        wait for `epoch jobs`, which runs them")
        if self._settings.is_sandbox and self._role.answers_requests:
            self._print("  sandbox     calls go to simulated far ends, never to real people")
        if self._demo:
            self._print(self._demo)
        self._print("Ctrl-C stops it.")

    async def _shut_down(self) -> None:
        await asyncio.gather(*self._threads, return_exceptions=True)
        if self._start_up is not None:
            await self._start_up.stop(self._start_up_grace)
        grace = self._settings.drain_seconds + WORKER_GRACE_SECONDS
        workers = [child.stop(grace) for child in self._children if child.name == WORKER_NAME]
        await asyncio.gather(*workers)
        # After the workers, because they may still end calls at the sandbox.
        others = [child.stop(SANDBOX_GRACE_SECONDS) for child in self._children if child.name != WORKER_NAME]
        await asyncio.gather(*others)
        if self._database is not None:
            await self._in_thread(self._database.stop)


def _raise_first(error: BaseException | None) -> None:
    """Raise the first error of the exception groups in ``error``, which task groups make; do nothing for None."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is not None:
        raise error
