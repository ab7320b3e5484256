"""Unpacks Debian's packages into the checkout, which needs no root, or installs them on the machine, which does."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

INSTALL_SECONDS = 600


def unpack(packages: Sequence[str], folder: Path, *, with_missing: bool = False) -> bool:
    """Download ``packages`` by the machine's apt and unpack them into ``folder``; False where that is impossible.

    ``with_missing`` adds their dependencies that are not installed. If the machine's lists of packages are missing or
    unreadable, lists are downloaded for this purpose.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return False
    # Renamed when complete, so that a killed run leaves no partly unpacked folder under the name.
    partial = folder.with_suffix(".new")
    shutil.rmtree(partial, ignore_errors=True)
    state = partial / "apt"
    (state / "lists" / "partial").mkdir(parents=True)
    own = ["-o", f"Dir::State::lists={state / 'lists'}", "-o", f"Dir::Cache={state}", "-o", "APT::Sandbox::User="]
    if not _download(packages, partial, [], with_missing) and not (
        succeeds(["apt-get", "update", "-q", *own], folder=partial) and _download(packages, partial, own, with_missing)
    ):
        return False
    archives = list(partial.glob("*.deb"))
    if not all(succeeds(["dpkg-deb", "-x", str(archive), str(partial)], folder=partial) for archive in archives):
        return False
    for archive in archives:
        archive.unlink()
    shutil.rmtree(state)
    partial.rename(folder)
    return True


def install(packages: Sequence[str]) -> bool:
    """Install ``packages`` on the machine; False where that is impossible, also without root."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    note(f"installing Debian's {', '.join(packages)}")
    options = ["-y", "-q", "--no-install-recommends"]
    return succeeds(["apt-get", "update", "-q"]) and succeeds(["apt-get", "install", *options, *packages])


def library_folders(folder: Path) -> Sequence[str]:
    """The folders of shared libraries in an unpacked ``folder``, for ``LD_LIBRARY_PATH``."""
    return sorted({str(library.parent) for library in (folder / "usr" / "lib").glob("*-linux-gnu*/*.so.*")})


def _download(packages: Sequence[str], folder: Path, options: Sequence[str], with_missing: bool) -> bool:
    wanted = list(packages)
    if with_missing:
        simulated = _run(["apt-get", "install", "-s", "-q", "--no-install-recommends", *options, *packages], folder)
        wanted = re.findall(r"(?m)^Inst (\S+)", simulated.stdout)
        if simulated.returncode != 0:
            return False
    return succeeds(["apt-get", "download", "-q", *options, *wanted], folder=folder)


def succeeds(argv: Sequence[str], *, folder: Path | None = None, environ: Mapping[str, str] | None = None) -> bool:
    """Run a program in ``folder`` with further ``environ``; True if it ended with 0. Prints its errors."""
    try:
        done = _run(argv, folder, environ)
    except (OSError, subprocess.TimeoutExpired) as error:
        note(f"{argv[0]}: {error}")
        return False
    if done.returncode != 0:
        note(f"{argv[0]}: {done.stderr.strip()[-500:]}")
    return done.returncode == 0


def note(text: str) -> None:
    sys.stderr.write(f"tests: {text}\n")


def _run(
    argv: Sequence[str], folder: Path | None, environ: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
