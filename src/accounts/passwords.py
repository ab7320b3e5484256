"""Hashes and checks passwords with Argon2id, in two threads, so that many sign-ins cannot use up the processor."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

T = TypeVar("T")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_THREADS = 2
# Verified when there is no such account, so that the answer takes as long as for a wrong password.
_DUMMY = _HASHER.hash("no account has this password")


class Passwords:
    """Hashes and checks passwords; one per application, because it holds the thread limit."""

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def hash(self, password: str) -> str:
        return await self._run(partial(_HASHER.hash, password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """True when ``password`` matches ``stored``; takes the same time when that is None."""
        matched = await self._run(partial(_verify, stored or _DUMMY, password))
        return bool(matched) and stored is not None

    @staticmethod
    def is_outdated(stored: str) -> bool:
        """True when ``stored`` was made with other parameters than the present ones."""
        return _HASHER.check_needs_rehash(stored)

    async def _run(self, work: Callable[[], T]) -> T:
        self._limiter = self._limiter or CapacityLimiter(_THREADS)
        return await to_thread.run_sync(work, limiter=self._limiter)


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
