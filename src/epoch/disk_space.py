"""Finds folders of this machine to which the product writes and whose disk is nearly full."""

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kit.settings import Settings

MIN_FREE_BYTES = 16 << 20
_MEGABYTE = 1_000_000


def describe_full_disks(settings: Settings) -> Sequence[str]:
    """A line for each folder with less than ``MIN_FREE_BYTES`` left: that of data, and that of temporary files."""
    folders = {"EPOCH_DATA_DIR": settings.data_dir, "TMPDIR": Path(tempfile.gettempdir())}
    lines = []
    for name, folder in folders.items():
        # The data directory is made when something is written.
        place = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(place).free
            if free < MIN_FREE_BYTES:
                lines.append(f"{folder} ({name}) has {free // _MEGABYTE} MB left: free space on its disk")
    return lines
