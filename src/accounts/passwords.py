"""Hashes and checks passwords with Argon2id, in few slow threads, so that many sign-ins cannot use up the processor."""

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
"""The cost of a password's hash: the least that OWASP's Password Storage Cheat Sheet advises for Argon2id."""
HASH_OF_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$Cf6pNtjWn5zfBylm8NnzyQ$oDNl93tIOxTIpzjVZZ0bg+36E8AXlDqjcAmJxOpc4ZQ"
"""Hash of a random password that was not kept. It is verified when there is no such account, so that the answer takes
as long as for a wrong password."""
THREADS = max(1, (os.cpu_count() or 1) // 2)
"""Passwords that are hashed at once on one machine: half of its processors."""
MAX_WAITING = 50
"""Passwords that wait in one worker. One takes about 25 ms, so the last of 50 waits a second or two."""
RETRY_SECONDS = 5
CHECKS = THREADS + 1
"""Sign-ins of one worker that work at a time: one reads the database while the others hash."""
MAX_WAIT_SECONDS = 10.0
"""A sign-in that waited this long for its turn is refused."""
NICENESS = 10
"""Of the threads: the operating system gives requests and calls the processor first."""


class Passwords:
    """Hashes and checks passwords; one per application, because it holds the threads and the queue before them.

    Callers hold no database connection meanwhile: a password may wait long for its turn.
    """

    def __init__(
        self, slots_folder: Path | None = None, *, max_waiting: int = MAX_WAITING, hasher: PasswordHasher = HASHER
    ) -> None:
        """``slots_folder`` is shared by the workers of a machine; without it the limit is this process's own."""
        self._hasher = hasher
        self._slots = None if slots_folder is None else HashingSlots(slots_folder, count=THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords", initializer=_be_nice)
        self._max_unfinished = THREADS + max_waiting
        self._unfinished = 0
        self._counting = threading.Lock()
        self._checks = KeyedConcurrency(_busy, limit=CHECKS, max_waiting=max_waiting, seconds=MAX_WAIT_SECONDS)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn to check a password, before anything is read for it. Raises: TooMany."""
        async with self._checks.slot(None):
            yield

    async def hash(self, password: str) -> str:
        """The hash of ``password``. Raises: TooMany, when too many passwords wait."""
        return await self._run(partial(self._hasher.hash, password))

    async def hash_unknown(self) -> str:
        """The hash of a random password that nobody knows. Raises: TooMany, as ``hash``."""
        return await self.hash(secrets.token_urlsafe(32))

    async def matches(self, stored: str | None, password: str) -> bool:
        """True when ``password`` matches ``stored``; takes the same time when that is None. Raises: TooMany."""
        matched = await self._run(partial(self._verify, stored or HASH_OF_NOBODY, password))
        return bool(matched) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """True when ``stored`` was made with other parameters than the present ones."""
        return self._hasher.check_needs_rehash(stored)

    async def _run(self, work: Callable[[], T]) -> T:
        with self._counting:
            if self._unfinished >= self._max_unfinished:
                raise _busy()
            self._unfinished += 1
        future = self._threads.submit(self._in_slot, work)
        # Also when the request is cancelled: one that has begun counts until it ends.
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
        with self._counting:
            self._unfinished -= 1


def _busy() -> TooMany:
    return TooMany("Many people are signing in right now", retry_after=RETRY_SECONDS)


def _be_nice() -> None:
    # On Linux this is the priority of the calling thread alone. Only root may raise a priority again.
    thread = threading.get_native_id()
    if os.getpriority(os.PRIO_PROCESS, thread) < NICENESS:
        os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
