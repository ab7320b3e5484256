"""A process that writes waiting calls into HubSpot and kills itself at a chosen step of a call.

Arguments: ``before`` or ``after``, and the step: the name of a method of ``HubSpotSession``, or ``store``, the
transaction in which the call is marked as written. ``never`` lets it write until it is killed.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from crm.hubspot_api import HubSpotSession
from crm.models import CrmCallState, HubSpotCall
from kit.db.database import ADMIN_ROLE, Database
from kit.settings import load_settings
from support.hubspot_sync_runner import HubSpotSyncRunner
from support.killed_process import die


def mortal(method: Callable[..., Awaitable[object]], moment: str) -> Callable[..., Awaitable[object]]:
    """Wrap the method so that the process dies before or after it."""

    async def ask(*arguments: object) -> object:
        if moment == "before":
            die()
        answer = await method(*arguments)
        die()
        return answer

    return ask


def die_as_a_call_is_marked(moment: str) -> None:
    """Die in the transaction that marks a call as written: before its commit, or after the server has done it."""

    def before_commit(session: Session) -> None:
        rows = [row for row in session.dirty if isinstance(row, HubSpotCall)]
        session.info["marks"] = any(row.state is CrmCallState.LOGGED for row in rows)
        if moment == "before" and session.info["marks"]:
            die()

    def after_commit(session: Session) -> None:
        if moment == "after" and session.info.get("marks"):
            die()

    listen(Session, "before_commit", before_commit)
    listen(Session, "after_commit", after_commit)


async def main(moment: str, step: str) -> None:
    if step == "store":
        die_as_a_call_is_marked(moment)
    elif moment != "never":
        setattr(HubSpotSession, step, mortal(getattr(HubSpotSession, step), moment))
    settings = load_settings(os.environ)
    assert settings.database_url is not None
    await HubSpotSyncRunner(Database(settings.database_url, role=ADMIN_ROLE), settings).new_sync().run_due()
    raise AssertionError("still alive")


asyncio.run(main(*sys.argv[1:]))
