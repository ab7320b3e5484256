"""Limits the requests of one organization that a worker serves at the same time; its further requests wait."""

import enum
from collections.abc import Callable, Hashable, Mapping

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kit.concurrency import KeyedConcurrency
from kit.errors import TooMany
from kit.http.app_key import AppKey

MAX_REQUESTS = 2
"""Requests of one organization that a worker serves at the same time, for each kind of work."""
MAX_WAITING = 100
MAX_PAUSE_SECONDS = 0.1
"""The longest pause of a slot between two requests of an organization whose requests wait."""
OPTION = "work"
"""The key of a handler's ``Work`` among its options."""


class Work(enum.StrEnum):
    """The main work of a request; each kind has its own slots."""

    DATABASE = "database"
    CARRIER = "carrier"
    """The request waits for the carrier, possibly for long."""
    EXPORT = "export"
    """The request sends a file for as long as the client reads."""
    UPLOAD = "upload"
    """The request reads a file for as long as the client sends."""


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
        """``wait_seconds`` is how long a request waits for a slot."""
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

    def slots_for(self, work: Work) -> KeyedConcurrency:
        """The slots for one kind of work."""
        return self._by_work[work]


TENANT_CONCURRENCY: AppKey[TenantConcurrency] = AppKey("tenant_concurrency")


class TenantConcurrencyMiddleware:
    """Lets a request wait for a slot of the organization in its path, before the request causes any other work.

    Pages have the organization's slug in the path, the API its id; so the two have separate slots.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tenant = _tenant_of(scope) if scope["type"] == ScopeType.HTTP else None
        if tenant is None:
            await self._app(scope, receive, send)
            return
        work = Work(scope["route_handler"].opt.get(OPTION, Work.DATABASE))
        slots = TENANT_CONCURRENCY.get(scope["litestar_app"]).slots_for(work)
        async with slots.slot((tenant, work)) as release:
            await self._app(scope, receive, _releasing_early(release, send) if work is Work.EXPORT else send)


def _releasing_early(release: Callable[[], None], send: Send) -> Send:
    """A ``send`` that calls ``release`` before it sends the last part of the answer.

    The client may request its next export as soon as it has the last part; the framework ends the request later.
    """

    async def send_part(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            release()
        await send(message)

    return send_part


def _tenant_of(scope: Scope) -> Hashable | None:
    """The organization's id or slug in the path; the organization may not exist. None for a path without one."""
    parameters = scope["path_params"]
    return parameters.get("organization_id") or parameters.get("slug")
