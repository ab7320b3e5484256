"""Lists of rows in JSON files, such as those of the sandbox's account."""

from pathlib import Path
from typing import TypeVar

import msgspec

from kit.private_files import write_private

Row = TypeVar("Row")


class AccountStoreError(Exception):
    """A file cannot be read; the message names it and says what to do."""


def read_rows(file: Path, kind: type[list[Row]]) -> list[Row]:
    """Read a list; a file that does not exist has none.

    Raises:
        AccountStoreError: the file is damaged.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return []
    except msgspec.MsgspecError as error:
        message = f"{file} is damaged ({error}); delete it, and the sandbox starts without its contents"
        raise AccountStoreError(message) from error


def write_rows(file: Path, rows: list[Row]) -> None:
    """Replace the file atomically, so that a crash leaves the old or the new one."""
    write_private(file, msgspec.json.format(msgspec.json.encode(rows), indent=1))
