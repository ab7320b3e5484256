"""Stores call records in the database."""

import datetime as dt
import itertools
from typing import Any
from uuid import UUID

from calls.models import Call, CallStatus
from kit.clock import utc_now
from kit.db.database import Database
from support.factories import Tenant, Token

_serial = itertools.count(1)


async def add_call(
    database: Database,
    tenant: Tenant,
    token: Token,
    *,
    status: CallStatus = CallStatus.COMPLETED,
    is_connected: bool = False,
    duration: int = 60,
    started_at: dt.datetime | None = None,
    to_number: str = "+12125550101",
    **more: Any,
) -> UUID:
    """Store a call; return its id.

    A call with a ``duration`` (seconds) was answered. A call that ``is_connected`` was answered and has not ended.
    """
    began = started_at or utc_now()
    defaults = {"token_id": token.id, "identity": f"w_{token.id.hex}_{0:016x}", "from_number": tenant.number}
    call = Call(
        organization_id=tenant.organization.id,
        carrier_sid=f"CA{next(_serial):032x}",
        to_number=to_number,
        status=status,
        duration=duration,
        started_at=began,
        answered_at=began + dt.timedelta(seconds=5) if duration or is_connected else None,
        ended_at=None if is_connected else began + dt.timedelta(seconds=5 + duration),
        **{**defaults, **more},
    )
    async with database.sessions() as session, session.begin():
        session.add(call)
    return call.id
