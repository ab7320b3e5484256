"""Finds the folders to which the product writes on this machine and whose disk is nearly full."""

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kit.settings import Settings

MIN_FREE_BYTES = 16 << 20
_MEGABYTE = 1_000_000


def describe_full_disks(settings: Settings) -> Sequence[str]:
    """A line for each folder with less than ``MIN_FREE_BYTES`` left, of the data folder and the temporary folder."""
    folders = {"EPOCH_DATA_DIR": settings.data_dir, "TMPDIR": Path(tempfile.gettempdir())}
    lines = []
    for name, folder in folders.items():
        # The data folder is made when something is written.
        existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(existing).free
            if free < MIN_FREE_BYTES:
                lines.append(f"{folder} ({name}) has {free // _MEGABYTE} MB left: free space on its disk")
    return lines
