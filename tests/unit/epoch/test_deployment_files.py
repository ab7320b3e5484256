"""``Dockerfile`` and ``deploy/systemd/`` name programs, files and times that exist."""

import configparser
import re
import shlex
from pathlib import Path

import pytest

from epoch.cli.main import COMMANDS
from epoch.server.supervisor import WORKER_GRACE_SECONDS
from kit.settings import load_settings
from support.production import PRODUCTION

ROOT = Path(__file__).resolve().parents[3]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
BUILD_TOOLS = {"gcc", "g++", "make", "nodejs", "npm", "python3-pip", "python3-venv", "python3-dev", "git", "curl"}


def read_unit(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(path)
    return parser["Service"]


def stages() -> list[list[str]]:
    """The instructions of each stage of the Dockerfile, the first one FROM."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    return [f"FROM {stage}".splitlines() for stage in text.split("FROM ")[1:]]


def values(stage: list[str], instruction: str) -> list[str]:
    return [line.split(" ", 1)[1] for line in stage if line.startswith(f"{instruction} ")]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_as_an_ordinary_user_with_few_rights(path: Path) -> None:
    unit = read_unit(path)
    program, command = shlex.split(unit["ExecStart"])[-2:]
    assert program == "/usr/local/lib/epoch/bin/epoch"
    assert command in COMMANDS
    assert command == path.stem.removeprefix("epoch-")
    rights = {"User": "epoch", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": ""}
    assert {name: unit[name] for name in rights} == rights


def test_a_unit_waits_longer_for_the_end_than_a_process_may_take() -> None:
    drain = load_settings(
        {
            **PRODUCTION,
            "EPOCH_PUBLIC_URL": "https://voice.example.com",
            "EPOCH_TRUSTED_PROXIES": "none",
            "EPOCH_DATABASE_URL": "postgresql://localhost/epoch",
        }
    ).drain_seconds
    for name, seconds in (("serve", drain), ("jobs", 0)):
        unit = read_unit(ROOT / "deploy" / "systemd" / f"epoch-{name}.service")
        assert int(unit["TimeoutStopSec"]) > seconds + WORKER_GRACE_SECONDS
        assert unit["KillMode"] == "mixed"  # the supervisor tells its workers in order
        assert unit["RestartPreventExitStatus"] == "2"


def test_the_image_has_no_build_tools_and_runs_as_an_ordinary_user() -> None:
    build, image = stages()
    assert "ARG BASE=" in (ROOT / "Dockerfile").read_text().split("FROM ")[0]
    assert [stage[0].split()[1] for stage in (build, image)] == ["${BASE}", "${BASE}"]
    (installs,) = values(image, "RUN")
    assert not BUILD_TOOLS & set(installs.split())
    assert values(image, "COPY") == ["--from=build /usr/local/lib/epoch /usr/local/lib/epoch"]
    (user,) = values(image, "USER")
    assert int(user) > 0
    assert f"--uid {user} " in installs
    assert values(image, "HEALTHCHECK")
    assert values(image, "CMD") == ['["serve"]']


def test_the_image_is_built_by_commands_that_exist() -> None:
    build, _ = stages()
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    commands = [word for line in values(build, "RUN") for word in line.split(" && ")]
    made = [command.split()[1] for command in commands if command.startswith("make ")]
    assert made == ["wheel"]
    assert set(made) <= targets
    ignored = (ROOT / ".dockerignore").read_text().split()
    needed = {"Makefile", "alembic", "alembic.ini", "frontend", "integrations", "pyproject.toml", "src", "tools"}
    assert not needed & set(ignored)
    assert all((ROOT / name).exists() for name in needed)
