"""The number of SQL statements of a whole call has a maximum; ``bench/whole_call.py`` measures what they cost."""

import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar

import asyncpg
import pytest
import sqlalchemy as sa

from support.call_script import START
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory

pytestmark = pytest.mark.anyio
MAX_STATEMENTS, MAX_INCOMING_STATEMENTS = 16, 8
_NOT_COUNTED = ("BEGIN", "COMMIT", "SELECT set_config(", "SET ROLE", "SELECT current_user,")
"""The begin and the end of a transaction, and what a new connection runs once."""
_recorded: ContextVar[list[str] | None] = ContextVar("recorded", default=None)


def record(statement: str) -> None:
    recorded = _recorded.get()
    if recorded is not None and not statement.lstrip().startswith(_NOT_COUNTED):
        recorded.append(" ".join(statement.split()))


@contextlib.contextmanager
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Record the statements of this task; the application's background work runs in others."""

    def noted(method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def ask(driver: object, statement: str, *arguments: object, **options: object) -> object:
            record(statement)
            return await method(driver, statement, *arguments, **options)

        return ask

    def note(_: object, __: object, statement: str, *___: object) -> None:
        record(statement)

    with monkeypatch.context() as patched:
        # Statements of a session, and those that are given to the driver.
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        for name in ("fetch", "fetchrow", "fetchval", "execute"):
            patched.setattr(asyncpg.Connection, name, noted(getattr(asyncpg.Connection, name)))
        statements: list[str] = []
        token = _recorded.set(statements)
        try:
            yield statements
        finally:
            _recorded.reset(token)
            sa.event.remove(sa.Engine, "before_cursor_execute", note)


def at(seconds: int) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


async def test_a_whole_call_takes_few_statements(
    callbacks: CallbackClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await make.token(await make.tenant())
    sid, child = new_sid(), new_sid()
    with recording(monkeypatch) as statements:
        assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
        admission = len(statements)
        for sequence, (status, seconds) in enumerate((("initiated", 0), ("ringing", 1), ("in-progress", 3))):
            await callbacks.event(sid, status, at(seconds), child=child, sequence=sequence)
        await callbacks.event(sid, "completed", at(9), child=child, sequence=3, CallDuration="6")
        await callbacks.send("/voice/dial-ended", {"CallSid": sid, "DialCallSid": child, "DialCallStatus": "completed"})
        assert (await callbacks.event(sid, "completed", at(9), CallDuration="9")).status_code == 204
    # Each event is at least one statement, or this test does not see them all.
    assert admission >= 1, statements
    assert len(statements) - admission >= 6, statements
    assert len(statements) <= MAX_STATEMENTS, "\n".join(statements)


async def test_the_answer_to_an_incoming_call_takes_few_statements(
    callbacks: CallbackClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await make.tenant()
    assert tenant.number is not None
    with recording(monkeypatch) as statements:
        answer = await callbacks.incoming(tenant.number, new_sid())
    assert "Thank you for calling" in answer.text
    # The holder, the counters, live calls, the context, the caller, the call, its mark.
    assert 6 <= len(statements) <= MAX_INCOMING_STATEMENTS, "\n".join(statements)
