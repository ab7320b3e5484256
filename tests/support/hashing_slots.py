"""Takes all slots in which the workers of a machine hash passwords, so that hashing waits."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accounts.passwords import HASHING_THREADS


def slot_files(folder: Path) -> list[Path]:
    return [folder / f"hashing-{number}.lock" for number in range(HASHING_THREADS)]


@contextmanager
def all_slots_taken(folder: Path) -> Iterator[None]:
    """Take the slots of the lock files in ``folder``: hashing that uses them waits until the block ends."""
    held = [os.open(path, os.O_RDWR | os.O_CREAT) for path in slot_files(folder)]
    try:
        for lock in held:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        for lock in held:
            os.close(lock)
