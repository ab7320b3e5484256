"""Limits how many passwords one machine hashes at once: one file for each slot, locked by the operating system."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger("epoch.accounts")


class HashingSlots:
    """The hashing slots of this machine, shared by all its workers.

    A lock ends with its process, so a killed worker leaves no slot taken.
    """

    def __init__(self, folder: Path, *, count: int) -> None:
        """``folder`` is the same for all workers of the machine; it is created when it is missing."""
        self._paths = [folder / f"hashing-{number}.lock" for number in range(count)]

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a slot in this thread, and hold it. Without a writable folder it does not wait."""
        try:
            lock = self._acquire()
        except OSError as error:
            log.warning("hashing_slots_unavailable", error=type(error).__name__)
            yield
            return
        try:
            yield
        finally:
            os.close(lock)

    def _acquire(self) -> int:
        """Lock a file and return its descriptor; closing the descriptor frees the slot."""
        self._paths[0].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._paths:
            lock = _open(path)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                return lock
        # Processes wait for different slots, so that not all of them wait for the same one.
        lock = _open(self._paths[os.getpid() % len(self._paths)])
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
