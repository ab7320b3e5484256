"""Writes files and folders that only the process's user may read, such as those under the data directory."""

import os
import secrets
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_private_folder(path: Path) -> None:
    """Make the folder and its missing parents; the mode of a folder that exists is not changed."""
    if not path.is_dir():
        make_private_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Replace the file atomically, so that no reader finds a part of ``content``; make a missing folder."""
    make_private_folder(path.parent)
    # With a random part, because two processes may write the same file.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
        file.write(content)
    partial.replace(path)
