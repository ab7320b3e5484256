"""Hashes and checks passwords with Argon2id, in few threads of low priority, so that other requests stay fast."""

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from accounts.hashing_slots import HashingSlots
from kit.concurrency import KeyedConcurrency
from kit.errors import TooMany

T = TypeVar("T")
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""Argon2id with the lowest cost that OWASP's Password Storage Cheat Sheet advises."""
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$Cf6pNtjWn5zfBylm8NnzyQ$oDNl93tIOxTIpzjVZZ0bg+36E8AXlDqjcAmJxOpc4ZQ"
"""Hash of a discarded random password. It is verified when there is no such account, so that the response takes as
long as for a wrong password."""
HASHING_THREADS = max(1, (os.cpu_count() or 1) // 2)
"""Passwords that are hashed at once on one machine: half of its processors."""
MAX_WAITING_PASSWORDS = 50
"""Passwords that may wait in one worker. Hashing takes about 25 ms, so the last of 50 waits a second or two."""
RETRY_SECONDS = 5
MAX_CONCURRENT_CHECKS = HASHING_THREADS + 1
"""Sign-ins that one worker checks at a time: one reads the database while the others hash."""
MAX_WAIT_SECONDS = 10.0
"""A sign-in that waited this long is refused."""
NICENESS = 10
"""Niceness of the hashing threads: the operating system gives requests and calls the processor first."""


class Passwords:
    """Hashes and checks passwords; one per application, because it holds the threads and their queue.

    A password may wait long, so no database connection may be held while one is hashed or checked.
    """

    def __init__(
        self,
        slots_folder: Path | None = None,
        *,
        max_waiting: int = MAX_WAITING_PASSWORDS,
        hasher: PasswordHasher = HASHER,
    ) -> None:
        """``slots_folder`` is shared by the workers of a machine; without it the limit is for this process alone."""
        self._hasher = hasher
        self._slots = None if slots_folder is None else HashingSlots(slots_folder, count=HASHING_THREADS)
        self._threads = ThreadPoolExecutor(HASHING_THREADS, thread_name_prefix="passwords", initializer=_lower_priority)
        self._max_unfinished = HASHING_THREADS + max_waiting
        self._unfinished = 0
        self._unfinished_lock = threading.Lock()
        self._checks = KeyedConcurrency(
            _too_many, limit=MAX_CONCURRENT_CHECKS, max_waiting=max_waiting, seconds=MAX_WAIT_SECONDS
        )

    @asynccontextmanager
    async def check_slot(self) -> AsyncIterator[None]:
        """Wait until this worker may check one more password; hold it from before the database is read.

        Raises: TooMany.
        """
        async with self._checks.slot(None):
            yield

    async def hash(self, password: str) -> str:
        """The hash of ``password``. Raises: TooMany, when too many passwords wait."""
        return await self._run(partial(self._hasher.hash, password))

    async def hash_random_password(self) -> str:
        """The hash of a new random password, which nobody knows. Raises: TooMany, when too many passwords wait."""
        return await self.hash(secrets.token_urlsafe(32))

    async def matches(self, stored: str | None, password: str) -> bool:
        """True when ``password`` matches the hash ``stored``; takes as long when that is None. Raises: TooMany."""
        matched = await self._run(partial(self._verify, stored or DUMMY_HASH, password))
        return bool(matched) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """True when the hash ``stored`` was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(stored)

    async def _run(self, work: Callable[[], T]) -> T:
        with self._unfinished_lock:
            if self._unfinished >= self._max_unfinished:
                raise _too_many()
            self._unfinished += 1
        future = self._threads.submit(self._in_slot, work)
        # Counted until the hashing ends, also when the request is cancelled.
        future.add_done_callback(self._finished)
        return await asyncio.wrap_future(future)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _in_slot(self, work: Callable[[], T]) -> T:
        if self._slots is None:
            return work()
        with self._slots.take():
            return work()

    def _finished(self, _: Future[T]) -> None:
        with self._unfinished_lock:
            self._unfinished -= 1


def _too_many() -> TooMany:
    return TooMany("Many people are signing in right now", retry_after=RETRY_SECONDS)


def _lower_priority() -> None:
    # On Linux this changes the priority of the calling thread alone. Only root may raise a priority again.
    thread = threading.get_native_id()
    if os.getpriority(os.PRIO_PROCESS, thread) < NICENESS:
        os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
