"""Slots of the machine in which a password is hashed: files that the operating system locks."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger("epoch.accounts")


class HashingSlots:
    """As many slots as may hash at once on this machine, whatever the number of workers.

    A lock ends with its process, so a killed worker leaves no slot taken.
    """

    def __init__(self, folder: Path, *, count: int) -> None:
        """``folder`` is the same for all workers of the machine; it is made when it is missing."""
        self._paths = [folder / f"hashing-{number}.lock" for number in range(count)]

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a slot and keep it meanwhile. Runs in a thread. Without a writable folder nothing is waited for."""
        try:
            lock = self._lock()
        except OSError as error:
            log.warning("hashing_slots_unavailable", error=type(error).__name__)
            yield
            return
        try:
            yield
        finally:
            os.close(lock)

    def _lock(self) -> int:
        """The descriptor of a locked file; closing it gives the slot back."""
        self._paths[0].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._paths:
            lock = _open(path)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                return lock
        # Processes begin at different slots, so that not all of them wait for the same one.
        lock = _open(self._paths[os.getpid() % len(self._paths)])
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
