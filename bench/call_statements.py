"""Records the SQL statements that the product sends for a call and for lists of calls.

``call_partitions.py`` runs the recorded statements in databases with other schemas.
"""

import datetime as dt
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_state import LegEvent
from calls.callback_forms import OutgoingCall
from calls.event_statements import CallEventStatements
from calls.limits.admission_service import AdmissionService
from calls.limits.alert_mails import AlertMailer
from calls.limits.prices import load_price_list
from calls.list_filters import parse_number_filter
from calls.listing import CallFilters, CallListService
from calls.models import CallStatus
from calls.tenant_lookup import CALL_LOOKUP_SQL, TENANT_OF_CALL_SQL
from calls.usage import UsageService
from kit.clock import utc_now
from kit.db.database import LOOKUP_ROLE, REQUEST_ROLE, Database
from kit.ids import first_uuid7

PAGE, DEEP_PAGE = 50, 1_000
_NTH_CALL = """
SELECT id, carrier_sid, token_id, call_id, to_number FROM call WHERE organization_id = $1
ORDER BY id DESC OFFSET $2 LIMIT 1
"""
_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT set_config", "SELECT 1")
Read = Callable[[AsyncSession], Awaitable[object]]


class RecordedWork(NamedTuple):
    """The statements of one transaction of the product, with their values."""

    name: str
    role: str
    keeps_plans: bool
    writes: bool
    statements: list[tuple[str, tuple[Any, ...]]]


class IdReplacer:
    """Replaces the ids in recorded values, so that each run inserts new rows with the same ids in all databases."""

    def __init__(self, since: dt.datetime) -> None:
        """Ids that are newer than ``since`` were made by the recorded work."""
        self._since = first_uuid7(since)

    def values(self, work: RecordedWork, new_ids: dict[object, object]) -> list[tuple[Any, ...]]:
        """The values for another run; ``new_ids`` has the new id of each recorded id, and gets those still missing."""
        if not work.writes:
            return [values for _, values in work.statements]
        return [tuple(self._replaced(value, new_ids) for value in values) for _, values in work.statements]

    def _replaced(self, value: Any, new_ids: dict[object, object]) -> Any:
        is_id = isinstance(value, UUID) and value > self._since and value.version == 7
        is_sid = isinstance(value, str) and value[:2] in {"CA", "CB"} and len(value) == 34
        if is_id or is_sid:
            return new_ids.setdefault(value, uuid7() if is_id else f"{value[:2]}{secrets.token_hex(16)}")
        return value


async def record_work(url: str, cache: Path, owner: UUID, token: UUID) -> list[RecordedWork]:
    """Run each transaction once in the database at ``url`` for the organization ``owner``; return the statements."""
    connection = await asyncpg.connect(url)
    deep = await connection.fetchrow(_NTH_CALL, owner, PAGE * (DEEP_PAGE - 1) - 1)
    deep = deep or await connection.fetchrow(_NTH_CALL, owner, 0)  # with so few calls there is no such page
    await connection.close()
    database = Database(url)
    try:
        sid = f"CA{secrets.token_hex(16)}"
        admission = _admission(cache, owner, token, sid)
        made = [
            await _record(database, owner, "admission of a call", admission, keeps_plans=True),
            await _record(database, owner, "event: ringing", _event(owner, sid, "ringing", 1), keeps_plans=True),
            await _record(database, owner, "event: answered", _event(owner, sid, "in-progress", 2), keeps_plans=True),
        ]
        reads = [await _record(database, owner, name, read) for name, read in _reads(owner, deep).items()]
    finally:
        await database.stop()
    lookups = [
        RecordedWork(
            "callback: a call by its carrier's id",
            LOOKUP_ROLE,
            True,
            False,
            [(TENANT_OF_CALL_SQL, (deep["carrier_sid"],))],
        ),
        RecordedWork(
            "phone: a call by its own id",
            LOOKUP_ROLE,
            True,
            False,
            [(CALL_LOOKUP_SQL, (deep["token_id"], deep["call_id"]))],
        ),
    ]
    return [*made, *lookups, *reads]


def _admission(cache: Path, owner: UUID, token: UUID, sid: str) -> Read:
    prices, mailer = load_price_list(cache), AlertMailer(lambda _session, _mail: None, "http://localhost")
    outgoing = OutgoingCall(
        call_sid=sid,
        identity=f"w_{token.hex}_{secrets.token_hex(8)}",
        token_id=token,
        dialled="+12125550147",
        call_id=uuid4(),
        origin="https://crm.customer.test",
        metadata={"contact": "c-1"},
    )

    async def admit(session: AsyncSession) -> None:
        call = await AdmissionService(session, prices=prices, alert_mailer=mailer).admit(owner, "US", outgoing)
        if call is None or call.end_reason is not None:
            raise RuntimeError("the admission rejected the call")

    return admit


def _event(owner: UUID, sid: str, kind: str, sequence: int) -> Read:
    async def record(session: AsyncSession) -> None:
        statements, at = CallEventStatements(session), utc_now()
        event = LegEvent(is_child=True, kind=kind, sequence=sequence, occurred_at=at)
        found = await statements.record(owner, sid, "CB" + sid[2:], event)
        if found is None:
            raise RuntimeError("the call is not on record")
        call = found[0]
        call.status = CallStatus(kind)
        call.answered_at = at if call.status is CallStatus.IN_PROGRESS else None
        await statements.store(call)

    return record


def _reads(owner: UUID, deep: Any) -> Mapping[str, Read]:
    def calls(filters: CallFilters, after: UUID | None = None) -> Read:
        return lambda session: CallListService(session).page(owner, filters, after=after, limit=PAGE)

    month_ago = utc_now() - dt.timedelta(days=30)
    return {
        "list, page 1": calls(CallFilters()),
        "list, page 1,000": calls(CallFilters(), deep["id"]),
        "list, missed calls": calls(CallFilters(missed=True)),
        "list, failed calls of 30 days": calls(CallFilters(status=CallStatus.FAILED, since=month_ago)),
        "filter by a number": calls(CallFilters(number=parse_number_filter(deep["to_number"], "US"))),
        "filter by digits": calls(CallFilters(number=parse_number_filter(deep["to_number"][-6:], "US"))),
        "usage of two months": lambda session: UsageService(session).this_and_last_month(owner, today=utc_now().date()),
    }


async def _record(database: Database, owner: UUID, name: str, read: Read, *, keeps_plans: bool = False) -> RecordedWork:
    sent: list[tuple[str, tuple[Any, ...]]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, tuple(parameters)))

    async with database.tenant_session(owner, keep_plans=keeps_plans) as session:
        driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
        # Statements of the ORM are prepared ones, which the driver's logger does not see.
        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            with driver.query_logger(lambda query: sent.append((query.query, tuple(query.args)))):
                await read(session)
        finally:
            sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    statements = [one for one in sent if not one[0].lstrip().startswith(_FRAME)]
    return RecordedWork(name, REQUEST_ROLE, keeps_plans, keeps_plans, statements)
