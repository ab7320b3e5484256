"""Commands, health and ``epoch doctor`` name a read-only database, a full disk and an expiring certificate."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from epoch import disk_space
from epoch.cli import certificates
from epoch.cli.certificates import check_certificates
from epoch.cli.check_results import CheckFailed, CheckState, CheckWarned
from epoch.cli.doctor import run_checks
from epoch.cli.main import main
from epoch.server.start_up_checks import ensure_connections_fit
from kit.db.database import Database
from kit.db.outage import READ_ONLY_ADVICE
from kit.jobs import connection as job_connection
from kit.jobs.connection import WorkerConnection
from kit.settings import Settings
from support.certificates import ServerCertificate
from support.waiting import wait_until

SSL_REQUEST_BYTES = 8


def _set_read_only(url: str, value: str) -> None:
    async def change() -> None:
        connection = await asyncpg.connect(url)
        name = urlsplit(url).path.lstrip("/")
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
        await connection.close()

    asyncio.run(change())


@pytest.fixture
def read_only_url(own_database_url: str) -> Iterator[str]:
    """The module's own database, which is read-only during the test."""
    _set_read_only(own_database_url, "on")
    yield own_database_url
    _set_read_only(own_database_url, "off")


# The error of each is wrapped in another way.
@pytest.mark.parametrize("words", [("staff", "add", "ann@example.com"), ("seed",), ("calls", "pause")], ids=" ".join)
def test_a_command_names_a_read_only_database_in_one_line(
    words: tuple[str, ...],
    read_only_url: str,
    sandbox_address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EPOCH_DATABASE_URL", read_only_url)
    monkeypatch.setenv("EPOCH_SANDBOX_ADDRESS", sandbox_address)
    assert main(words) == 1
    assert capsys.readouterr().err == f"epoch: {READ_ONLY_ADVICE}\n"


def test_doctor_and_a_start_name_a_read_only_database(read_only_url: str, settings: Settings) -> None:
    read_only, said = msgspec.structs.replace(settings, database_url=read_only_url), list[str]()
    (found,) = [result for result in asyncio.run(run_checks(read_only)) if result.part == "database"]
    assert (found.state, found.detail) == (CheckState.FAIL, READ_ONLY_ADVICE)
    asyncio.run(ensure_connections_fit(read_only, said.append))
    assert f"Warning: {READ_ONLY_ADVICE}" in said


@pytest.mark.anyio
async def test_jobs_look_for_the_primary_and_say_once_that_they_wait(
    jobs: Database, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_connection, "RECONNECT_SECONDS", 0.01)
    connect, opened = jobs.connect, list[object]()

    async def counted() -> object:
        opened.append(connection := await connect())
        return connection

    monkeypatch.setattr(jobs, "connect", counted)
    worker = WorkerConnection(jobs)
    await asyncio.to_thread(_set_read_only, own_database_url, "on")
    try:
        with capture_logs() as logged:
            writing = asyncio.create_task(worker.execute("UPDATE pgqueuer SET priority = 0 WHERE false"))
            await wait_until(lambda: len(opened) > 3)
    finally:
        await asyncio.to_thread(_set_read_only, own_database_url, "off")
    assert await writing == "UPDATE 0"
    waits = [line for line in logged if line["event"] == "job_queue_waits_for_database"]
    assert [line["sqlstate"] for line in waits] == ["25006"]
    await worker.close()


@pytest.mark.anyio
async def test_health_and_doctor_name_a_folder_whose_disk_is_nearly_full(
    settings: Settings, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def disk_warnings() -> list[str]:
        answer = await client.get("/health/dependencies")
        assert answer.status_code == 200
        return [warning for warning in answer.json()["warnings"] if warning.startswith("disk: ")]

    async def checked() -> CheckState:
        return next(result.state for result in await run_checks(settings) if result.part == "disk")

    assert (await disk_warnings(), await checked()) == ([], CheckState.OK)
    monkeypatch.setattr(disk_space, "MIN_FREE_BYTES", 1 << 62)
    assert [line.split()[2] for line in await disk_warnings()] == ["(EPOCH_DATA_DIR)", "(TMPDIR)"]
    assert await checked() is CheckState.FAIL


@contextlib.asynccontextmanager
async def _tls_server(folder: Path, days: float, *, as_database: bool) -> AsyncIterator[str]:
    """The ``host:port`` of a server whose certificate expires in ``days``; a database server begins TLS on request."""
    context = ServerCertificate(folder, days=days).server_context()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The client leaves after the handshake.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            if as_database:
                await reader.readexactly(SSL_REQUEST_BYTES)
                writer.write(b"S")
                await writer.start_tls(context)
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if as_database else context)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.anyio
@pytest.mark.parametrize("as_database", [False, True], ids=["public URL", "database"])
async def test_doctor_tells_when_a_certificate_ends(settings: Settings, tmp_path: Path, as_database: bool) -> None:
    async def check(days: float) -> str:
        async with _tls_server(tmp_path, days, as_database=as_database) as place:
            changed = {"database_url": f"postgresql://epoch@{place}/epoch"} if as_database else {}
            public_url = settings.public_url if as_database else f"https://{place}"
            text = await check_certificates(msgspec.structs.replace(settings, public_url=public_url, **changed))
            assert place in text
            return text

    assert "expires in 29 days" in await check(29.5)
    with pytest.raises(CheckWarned, match=r"127\.0\.0\.1:\d+ expires in 9 days: renew it"):
        await check(9.5)
    with pytest.raises(CheckFailed, match="expires in 1 days: renew it"):
        await check(1.5)
    with pytest.raises(CheckFailed, match="has expired: renew it"):
        await check(-1)


@pytest.mark.anyio
async def test_a_server_that_does_not_answer_has_no_certificate_to_warn_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "TIMEOUT_SECONDS", 5.0)
    assert (
        await check_certificates(msgspec.structs.replace(settings, public_url="https://127.0.0.1:9")) == "none in use"
    )
