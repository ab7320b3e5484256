"""A process with the application that kills itself at a chosen step of a call.

Arguments: the step, a token's id, the carrier's ids of the parent and of the child leg. It receives the carrier
callbacks of a call in their order (requested, ringing, answered, over) and dies at the step.
"""

import asyncio
import datetime as dt
import os
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from carrier.port import DialPlan
from carrier.twilio import TwilioCarrier
from epoch.app import create_app
from kit.log import configure_logging
from kit.settings import Settings, load_settings
from support.asgi import asgi_transport
from support.call_script import EVENTS, START
from support.callback_client import CallbackClient
from support.killed_process import die

WRITES = ("INSERT INTO call ", "record_call_event(")


def on_commit(when: str) -> None:
    """Die at the commit of a transaction that writes the call: ``before_commit`` or ``after_commit`` by the server."""

    wrote: set[object] = set()

    def note(connection: sa.Connection, _: object, statement: str, *__: object) -> None:
        if statement.lstrip().startswith(WRITES):
            wrote.add(connection.connection.driver_connection)

    def noted(method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        """Note raw statements: the admission gives them to the driver, where SQLAlchemy does not see them."""

        async def ask(driver: object, statement: str, *arguments: object, **options: object) -> object:
            # The statement that inserts a call contains other changes too.
            if any(writes in statement for writes in WRITES):
                wrote.add(driver)
            return await method(driver, statement, *arguments, **options)

        return ask

    def look(session: Session) -> None:
        session.info["is_of_the_call"] = session.connection().connection.driver_connection in wrote
        if when == "before_commit" and session.info["is_of_the_call"]:
            die()

    def look_back(session: Session) -> None:
        if when == "after_commit" and session.info.get("is_of_the_call"):
            die()

    for name in ("fetch", "fetchrow", "execute"):
        setattr(asyncpg.Connection, name, noted(getattr(asyncpg.Connection, name)))
    # The worker's background work commits too.
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    sa.event.listen(Session, "before_commit", look)
    sa.event.listen(Session, "after_commit", look_back)


class Carrier(TwilioCarrier):
    """The carrier adapter, in which the worker can be killed."""

    def __init__(self, step: str, settings: Settings) -> None:
        super().__init__(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
        self._step = step

    def dial(self, plan: DialPlan) -> bytes:
        document = super().dial(plan)
        if self._step == "admitted, before the answer":
            die()
        return document

    async def end_call(self, call_sid: str) -> bool:
        is_over = await super().end_call(call_sid)
        if self._step == "ended at the carrier, before it is noted":
            die()
        return is_over


async def main(step: str, token_id: UUID, sid: str, child: str) -> None:
    configure_logging(json=True)
    settings = load_settings(os.environ)
    app = create_app(settings, carrier=Carrier(step, settings))
    async with app.lifespan():
        transport = asgi_transport(app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            if step.startswith(("ended", "asking")):
                sys.stdout.write("ready\n")
                sys.stdout.flush()
                await asyncio.Event().wait()
            await place(CallbackClient(client, settings), step, token_id, sid, child)
    raise AssertionError("still alive")


async def place(callbacks: CallbackClient, step: str, token_id: UUID, sid: str, child: str) -> None:
    if step == "before the call is committed":
        on_commit("before_commit")
    if step == "as the call is committed":
        on_commit("after_commit")
    await callbacks.outgoing(token_id, sid)
    for number, (status, seconds, more) in enumerate(EVENTS, 1):
        if step == f"before {status} is committed":
            on_commit("before_commit")
        await callbacks.event(sid, status, START + dt.timedelta(seconds=seconds), child=child, sequence=number, **more)
        if step == f"after {status}":
            die()


asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), *sys.argv[3:]))
