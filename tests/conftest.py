"""Fixtures of all tests: PostgreSQL with the migrated schema, the application, the sandbox carrier."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import hypothesis
import pytest
from litestar import Litestar

from epoch.app import create_app
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.db.database import ADMIN_ROLE, Database
from kit.garbage_collection import freeze_present_objects
from kit.settings import Settings, load_settings
from support.asgi import asgi_transport
from support.databases import PATIENT_SECONDS, Databases, patient_database, shared_server
from support.factories import Factory
from support.module_order import order_of
from support.passwords import quick_passwords
from support.reported_faults import ReportedFaults

ROOT = Path(__file__).resolve().parents[1]
PUBLIC_URL = "http://localhost:8000"
NewClient = Callable[[], httpx.AsyncClient]
# No test may fail because the machine is busy.
hypothesis.settings.register_profile("any-machine", deadline=None)
hypothesis.settings.load_profile("any-machine")
MAX_WORKERS = 8
"""Each worker runs an application, a product, a sandbox and a browser: about 1 GB and 60 database connections."""


def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors, because tests often wait for calls and for processes that start."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(processors + 1, MAX_WORKERS)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ReportedFaults(is_worker=hasattr(config, "workerinput")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest modules in parallel workers, so that all finish at about the same time."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: order_of(item.path))


def pytest_collection_finish() -> None:
    """Exclude the thousands of collected tests, which live until the end, from garbage collection."""
    freeze_present_objects()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The tests' server; several runs may share it."""
    with shared_server() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Iterator[Databases]:
    """Makes databases and drops them at the end."""
    made = Databases(postgres)
    yield made
    made.close()


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Callable[[], str]:
    """Makes empty databases."""
    return databases.empty


@pytest.fixture(scope="session")
def new_migrated_database(databases: Databases) -> Callable[[], str]:
    """Makes databases with the newest schema."""
    return databases.migrated


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> str:
    """The migrated database that the tests of this process share; each test makes organizations of its own in it."""
    return databases.migrated()


@pytest.fixture(scope="session")
def sandbox_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running sandbox carrier, whose scripted waits are twenty times shorter."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "EPOCH_SANDBOX_SPEED": "20",
        "EPOCH_DATA_DIR": str(tmp_path_factory.mktemp("sandbox")),
    }
    argv = [sys.executable, "-m", "sandbox"]
    with subprocess.Popen(argv, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        address: str = json.loads(process.stdout.readline())["address"]
        yield address
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()


@pytest.fixture(scope="session")
def settings(database_url: str, sandbox_address: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(
        {
            "EPOCH_DATABASE_URL": database_url,
            "EPOCH_PUBLIC_URL": PUBLIC_URL,
            "EPOCH_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "EPOCH_SANDBOX_ADDRESS": sandbox_address,
        }
    )


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Litestar]:
    """The application, started."""
    application = create_app(settings, database=patient_database(settings), passwords=quick_passwords(settings))
    async with application.lifespan():
        yield application


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database at ``database_url`` without row-level security, for making rows and checking results."""
    assert settings.database_url is not None
    unrestricted = Database(settings.database_url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    await unrestricted.start()
    yield unrestricted
    await unrestricted.stop()


@pytest.fixture
async def new_client(app: Litestar) -> AsyncIterator[NewClient]:
    """Makes HTTP clients, each with its own cookies, as separate browsers have."""
    async with contextlib.AsyncExitStack() as stack:
        clients: list[httpx.AsyncClient] = []

        def create() -> httpx.AsyncClient:
            transport = asgi_transport(app)
            clients.append(httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL))
            stack.push_async_callback(clients[-1].aclose)
            return clients[-1]

        yield create


@pytest.fixture
async def client(new_client: NewClient) -> httpx.AsyncClient:
    """An anonymous visitor."""
    return new_client()


@pytest.fixture
async def make(database: Database, settings: Settings) -> Factory:
    """Makes organizations, people, numbers and tokens."""
    return Factory(database, settings)
