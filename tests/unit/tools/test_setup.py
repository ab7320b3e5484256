"""``tools/setup`` names all missing programs first, prints a line while a long step runs, and fails with a step."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SHELL_TOOLS = ("cat", "cut", "dirname", "flock", "mkdir", "rm", "sh", "sha256sum", "sleep", "find", "sort")
WAIT_FOR_FILE = 'while [ ! -f "$(dirname "$0")/go" ]; do sleep 0.1; done'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but ``tools/setup`` and a package lock."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup", tmp_path / "tools" / "setup")
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "package-lock.json").write_text("{}")
    return tmp_path


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder of ``PATH``: a shell's usual tools, neither Python nor Node.js."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in SHELL_TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


def add_program(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def start(checkout: Path, programs: Path, target: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [checkout / "tools" / "setup", target],
        env={"PATH": str(programs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("target", ["run", "dev", "widget"])
def test_all_missing_tools_are_named_before_anything_is_installed(checkout: Path, programs: Path, target: str) -> None:
    add_program(programs, "python3", "[ $1 = --version ] && echo Python 3.9.2")
    add_program(programs, "node", '[ "$1" = --version ] && echo v18.20.4 || exit 1')
    process = start(checkout, programs, target)
    printed, _ = process.communicate()
    assert process.returncode == 1
    assert "Python 3.11 or newer (found: Python 3.9.2)" in printed
    assert "Node.js 20 or newer (found: v18.20.4)" in printed
    assert "npm (not found)" in printed
    assert all(system in printed for system in ("Debian", "Ubuntu", "Fedora", "macOS"))
    assert not (checkout / ".venv").exists()
    assert list((checkout / ".cache").iterdir()) == [checkout / ".cache" / "setup.lock"]


@pytest.mark.parametrize(
    ("machine", "target", "is_named"),
    [("Linux aarch64", "run", True), ("Linux aarch64", "widget", False), ("Linux x86_64", "run", False)],
)
def test_a_compiler_is_named_where_a_package_has_no_build(
    checkout: Path, programs: Path, machine: str, target: str, is_named: bool
) -> None:
    add_program(programs, "uname", f"echo {machine}")
    printed, _ = start(checkout, programs, target).communicate()
    assert ("a C compiler (cc not found)" in printed) == is_named


def test_a_long_step_says_that_it_goes_on(checkout: Path, programs: Path) -> None:
    (checkout / "frontend" / "node_modules").mkdir()
    add_program(programs, "python3", "echo /usr/bin/python3")
    add_program(programs, "node", "exit 0")
    add_program(programs, "npm", WAIT_FOR_FILE)
    process = start(checkout, programs, "widget")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith("setup: … 3 s"):
            (programs / "go").touch()
    assert process.wait() == 0
    assert lines[:2] == ["setup: installing frontend/package-lock.json into frontend/node_modules", "setup: … 3 s"]
    assert lines[-1] == "setup: building the widget into frontend/dist"


def test_a_failed_step_fails_the_setup(checkout: Path, programs: Path) -> None:
    add_program(programs, "python3", "echo /usr/bin/python3")
    add_program(programs, "node", "exit 0")
    add_program(programs, "npm", "echo no network; exit 1")
    process = start(checkout, programs, "widget")
    printed, _ = process.communicate()
    assert process.returncode == 1
    assert "no network" in printed
    assert not (checkout / "frontend" / "dist").exists()
