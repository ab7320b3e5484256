"""Downloads Debian's packages for the drills, and unpacks them into a folder that every user may read."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from epoch.server.postgres_programs import SYSTEM_DIRECTORY, create_owned_directory
from support.debian import library_folders, unpack
from support.locks import exclusive

PACKAGES = (
    "etcd-server",
    "haproxy",
    "libfaketime",
    "patroni",
    "pgbouncer",
    "postgresql",
    "python3-etcd",
    "redis-server",
)
SYSTEM_PYTHON = "/usr/bin/python3"
"""Patroni's packages are for Debian's own Python."""


class Programs(NamedTuple):
    """Folders of the unpacked packages."""

    root: Path
    postgres: Path
    """The folder that contains ``initdb``."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment in which the programs find each other and their libraries."""
        path = [str(self.postgres), *(str(self.root / folder) for folder in ("usr/bin", "usr/sbin"))]
        return {
            "PATH": ":".join([*path, "/usr/bin", "/bin"]),
            "LD_LIBRARY_PATH": ":".join(library_folders(self.root)),
            "PYTHONPATH": str(self.root / "usr" / "lib" / "python3" / "dist-packages"),
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",
        }

    @property
    def faketime(self) -> Path:
        """The library that changes the clock of a program that loads it first."""
        return next(self.root.glob("usr/lib/*/faketime/libfaketime.so.1"))


def prepare() -> Programs:
    """Unpack what is not unpacked yet: unpacking starts no service and no cluster of its own, as installing would.

    Raises:
        RuntimeError: apt could not download the packages.
    """
    parent = create_owned_directory(Path(tempfile.gettempdir()) / f"epoch-drill-packages-{os.geteuid()}", mode=0o755)
    root = parent / "root"
    with exclusive("drill-packages"):
        if not root.exists() and not unpack(PACKAGES, root, with_missing=True):
            raise RuntimeError(
                f"the drills need Debian's packages {', '.join(PACKAGES)}, and apt could not download them"
            )
    return Programs(root, _find_postgres(root))


def _find_postgres(root: Path) -> Path:
    """The newest server: an unpacked one, or the system's where the package is installed already."""
    places = (root / "usr" / "lib" / "postgresql", SYSTEM_DIRECTORY)
    for place in places:
        servers = sorted(place.glob("*/bin/pg_rewind"), key=lambda program: int(program.parent.parent.name))
        if servers:
            return servers[-1].parent
    raise RuntimeError("no PostgreSQL server was found, in the unpacked packages or in /usr/lib/postgresql")
