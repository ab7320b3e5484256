"""The password of people in tests, and a hash of it at the lowest cost, because hashing is slow on purpose."""

from argon2 import PasswordHasher

from accounts.passwords import Passwords
from kit.settings import Settings

_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
PASSWORD_HASH = _HASHER.hash(PASSWORD)


def quick_passwords(settings: Settings) -> Passwords:
    """Passwords of an application, hashed at the lowest cost that Argon2id has."""
    return Passwords(settings.data_dir / "locks", hasher=_HASHER)
