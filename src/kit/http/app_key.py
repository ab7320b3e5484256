"""Typed keys for the objects in an application's state, and the keys of objects whose classes are in ``kit``.

``create_app`` sets each object once; handlers, guards and middleware get it by its key. A package declares the key of
an object next to the object's class, as with aiohttp's ``AppKey``.
"""

from collections.abc import MutableMapping
from typing import Any, Generic, Protocol, TypeVar

from kit.db.database import Database
from kit.db.reading_session import ReadingSessionFactory
from kit.db.replica import ReadReplica
from kit.jobs.queue import JobQueue
from kit.mail import Mailer
from kit.settings import Settings

T = TypeVar("T")


class HasState(Protocol):
    """An application with a state, such as Litestar's."""

    @property
    def state(self) -> MutableMapping[str, Any]: ...


class AppKey(Generic[T]):
    """The key of one object in an application's state; it carries the object's type for type checkers."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"AppKey({self.name!r})"

    def get(self, app: HasState) -> T:
        """Return the object. Raises: LookupError, when the application was made without it."""
        try:
            found: T = app.state[self.name]
        except KeyError as error:
            raise LookupError(f"The application holds no {self.name!r}: create_app must set it") from error
        return found

    def entry(self, value: T) -> tuple[str, T]:
        """Return the name and the object, for ``app.state.update``."""
        return self.name, value

    def set(self, app: HasState, value: T) -> None:
        """Store the object in the application's state."""
        app.state[self.name] = value


SETTINGS: AppKey[Settings] = AppKey("settings")
DATABASE: AppKey[Database] = AppKey("database")
EXPORT_DATABASE: AppKey[Database] = AppKey("export_database")
"""The same database as ``DATABASE``, with separate connections for exports."""
READING_SESSIONS: AppKey[ReadingSessionFactory] = AppKey("reading")
"""Sessions of lists and reports."""
EXPORT_READING_SESSIONS: AppKey[ReadingSessionFactory] = AppKey("export_reading")
"""Sessions of exports, as of ``EXPORT_DATABASE``."""
READ_REPLICA: AppKey[ReadReplica | None] = AppKey("read_replica")
MAILER: AppKey[Mailer] = AppKey("mailer")
JOB_QUEUE: AppKey[JobQueue] = AppKey("job_queue")
