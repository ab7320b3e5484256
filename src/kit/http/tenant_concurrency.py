"""Keeps one organization from using up a worker: few of its requests run at a time, the rest wait their turn."""

import enum
from collections.abc import Callable, Hashable, Mapping

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kit.concurrency import KeyedConcurrency
from kit.errors import TooMany
from kit.http.app_key import AppKey

MAX_REQUESTS = 2
"""Requests of one organization that run at a time in a worker, for each kind of work."""
MAX_WAITING = 100
MAX_PAUSE_SECONDS = 0.1
"""The longest rest of a slot between two requests of an organization that has more of them waiting."""
OPTION = "work"
"""The key of a handler's ``Work`` among its options."""


class Work(enum.StrEnum):
    """The main work of a request; each kind has slots of its own."""

    DATABASE = "database"
    CARRIER = "carrier"
    """It waits for the carrier, possibly for long."""
    EXPORT = "export"
    """It sends a file for as long as the client reads."""
    UPLOAD = "upload"
    """It reads a file for as long as the client sends."""


ASKS_CARRIER: Mapping[str, Work] = {OPTION: Work.CARRIER}
"""``opt`` of a handler or controller that waits for the carrier."""
SENDS_EXPORT: Mapping[str, Work] = {OPTION: Work.EXPORT}
"""``opt`` of a handler that sends an export."""
READS_UPLOAD: Mapping[str, Work] = {OPTION: Work.UPLOAD}
"""``opt`` of a handler that reads a file."""


class OrganizationBusy(TooMany):
    """Too many requests of one organization run and wait."""

    message = "Too many requests of this organization are in progress"

    def __init__(self) -> None:
        super().__init__(retry_after=2)


class ExportInProgress(TooMany):
    """An export of the organization runs."""

    code = "export_in_progress"
    message = "An export of this organization is being sent already. Start the next one when it has ended"

    def __init__(self) -> None:
        super().__init__(retry_after=10)


class TenantConcurrency:
    """The slots of all organizations in this worker."""

    def __init__(self, *, wait_seconds: float) -> None:
        """``wait_seconds`` is how long a request waits for its turn."""
        requests = KeyedConcurrency(
            OrganizationBusy,
            limit=MAX_REQUESTS,
            max_waiting=MAX_WAITING,
            seconds=wait_seconds,
            max_pause=MAX_PAUSE_SECONDS,
        )
        exports = KeyedConcurrency(ExportInProgress, limit=1, max_waiting=0, seconds=0)
        self._by_work = {
            Work.DATABASE: requests,
            Work.CARRIER: requests,
            Work.EXPORT: exports,
            Work.UPLOAD: requests,
        }

    def of(self, work: Work) -> KeyedConcurrency:
        """The slots for that kind of work."""
        return self._by_work[work]


TENANT_CONCURRENCY: AppKey[TenantConcurrency] = AppKey("tenant_concurrency")


class TenantConcurrencyMiddleware:
    """Lets a request wait for a slot of the organization in its path, before anything is read or looked up for it.

    Pages and the API name an organization differently and have slots of their own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tenant = _tenant_of(scope) if scope["type"] == ScopeType.HTTP else None
        if tenant is None:
            await self._app(scope, receive, send)
            return
        work = Work(scope["route_handler"].opt.get(OPTION, Work.DATABASE))
        slots = TENANT_CONCURRENCY.get(scope["litestar_app"]).of(work)
        async with slots.slot((tenant, work)) as give_back:
            await self._app(scope, receive, _before_last_part(give_back, send) if work is Work.EXPORT else send)


def _before_last_part(act: Callable[[], None], send: Send) -> Send:
    """A ``send`` that first calls ``act`` when it gets the last part of the answer.

    The client may ask for its next export as soon as it has that part, and the framework ends the request later.
    """

    async def send_part(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            act()
        await send(message)

    return send_part


def _tenant_of(scope: Scope) -> Hashable | None:
    """The organization's id or slug in the path, which may be nobody's; None for a path without one."""
    parameters = scope["path_params"]
    return parameters.get("organization_id") or parameters.get("slug")
