"""``make image-check`` can execute every instruction of the Dockerfile, with the package sources of this machine."""

from pathlib import Path
from types import ModuleType

import pytest

from support.tools import import_tool

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def image() -> ModuleType:
    return import_tool("check_image")


def test_it_can_execute_every_instruction_of_the_dockerfile(image: ModuleType) -> None:
    build, last = image.read_dockerfile((ROOT / "Dockerfile").read_text())
    assert (build.name, last.name) == ("build", "")
    assert image.suite_of(build.base) == image.suite_of(last.base) == "trixie"
    assert last.last("CMD") == '["serve"]'
    assert [one.text for one in build.instructions if one.name == "RUN"][1] == "make wheel"


def test_it_refuses_an_instruction_that_it_would_leave_out(image: ModuleType) -> None:
    with pytest.raises(ValueError, match="cannot execute VOLUME"):
        image.read_dockerfile("FROM debian:13-slim\nVOLUME /data\n")


@pytest.mark.parametrize("base", ["alpine:3.22", "debian:sid", "debian:11", "debian"])
def test_it_refuses_a_base_that_it_cannot_make(image: ModuleType, base: str) -> None:
    with pytest.raises(ValueError, match="is no Debian image"):
        image.suite_of(base)


@pytest.mark.parametrize(
    "sources",
    [
        "Types: deb\n# http://old.example\nURIs: http://mirror.example/debian\nSuites: trixie\n",
        "# comment\ndeb [signed-by=/key] http://mirror.example/debian trixie main\n",
        "deb http://mirror.example/debian trixie main\n",
    ],
)
def test_the_archive_is_that_of_the_machines_apt(image: ModuleType, sources: str) -> None:
    assert image.mirror_of(sources) == "http://mirror.example/debian"


def test_the_context_is_what_docker_would_copy(image: ModuleType) -> None:
    names = set(image.context_files())
    assert {"Makefile", "src/epoch/app.py", "alembic.ini", "frontend/build.mjs", "tools/setup"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "bench/", ".git/"))]
