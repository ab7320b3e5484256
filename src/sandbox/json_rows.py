"""Reads and writes JSON files that each hold a list of rows, such as the numbers of the sandbox's account."""

from pathlib import Path
from typing import TypeVar

import msgspec

from kit.private_files import write_private

Row = TypeVar("Row")


class DamagedFileError(Exception):
    """A file cannot be parsed; the message names it and says what to do."""


def read_rows(file: Path, kind: type[list[Row]]) -> list[Row]:
    """Read the rows of ``file``; a file that does not exist has none.

    Raises:
        DamagedFileError: the file cannot be parsed.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return []
    except msgspec.MsgspecError as error:
        message = f"{file} is damaged ({error}); delete it, and the sandbox starts without its contents"
        raise DamagedFileError(message) from error


def write_rows(file: Path, rows: list[Row]) -> None:
    """Replace the file atomically, so that a crash leaves the old or the new contents."""
    write_private(file, msgspec.json.format(msgspec.json.encode(rows), indent=1))
