"""The operations page, what it asks for by itself to stay fresh, and the switch that stops all calls."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.errors import Stale
from admin.formatters import ALERTS, BREAKERS, DIFFERENCES
from admin.models import StaffRole
from admin.mount import BY_ITSELF
from admin.operations.queries import SHOWN, operations, pause_of
from admin.pages import (
    again,
    office,
    read_form,
    redirect,
    render,
    requires,
)
from admin.rules import REASON_CHARACTERS, read_reason
from calls.limits.pause import CallingPauseService
from kit.actor import Actor
from kit.clock import utc_now
from kit.errors import Conflict, ValidationFailed
from kit.http.forms import ensure_valid_text

PAGE = "/admin/operations"
_RUNNING, _PAUSED, _PAUSED_HARD = "running", "paused", "paused, live calls ended"


class Switch(msgspec.Struct, frozen=True):
    """One turn of the switch, as the page that asks shows it."""

    label: str
    effect: str
    done: str
    needs: tuple[str, ...]
    """How things may stand for it."""
    turn: Callable[[AsyncSession, str, Actor], Awaitable[bool]]
    """Does it, with a reason; False when somebody was faster."""
    danger: bool = True
    fields: tuple[()] = ()


async def _pause(session: AsyncSession, reason: str, by: Actor) -> bool:
    return await CallingPauseService(session).pause(reason=reason, by=by)


async def _pause_all(session: AsyncSession, reason: str, by: Actor) -> bool:
    return await CallingPauseService(session).pause(reason=reason, by=by, end_live=True)


async def _resume(session: AsyncSession, _: str, by: Actor) -> bool:
    return await CallingPauseService(session).resume(by=by)


SWITCHES = {
    "pause": Switch(
        "Pause all calls",
        "No organization can place a call until somebody resumes them: phones are told that the service is "
        "temporarily unavailable. Live calls go on.",
        "All calls are paused. Live ones go on.",
        (_RUNNING,),
        _pause,
    ),
    "pause-and-end": Switch(
        "Pause and end live calls",
        "No organization can place a call until somebody resumes them, and every live call is cut off within seconds.",
        "All calls are paused. Live ones end within seconds.",
        (_RUNNING, _PAUSED),
        _pause_all,
    ),
    "resume": Switch(
        "Resume calls",
        "Every organization can place calls again, at once.",
        "Calls are placed again.",
        (_PAUSED, _PAUSED_HARD),
        _resume,
        danger=False,
    ),
}


async def show(request: Request) -> Response:
    """What goes on now."""
    return await _shown(request, "office/_layout.html")


async def refresh(request: Request) -> Response:
    """The same without the frame, for the page that stays open."""
    return await _shown(request, "office/_bare.html")


async def ask(request: Request) -> Response:
    """Raises: StaffRoleTooLow."""
    requires(request, StaffRole.OPERATOR)
    switch, position = _switch(request), await _position(request)
    if position not in switch.needs:
        return redirect(request, PAGE, Stale.message, is_problem=True)
    return await render(request, "office/confirm.html", form=None, **_asked(switch, position))


async def act(request: Request) -> Response:
    """Raises: StaffRoleTooLow."""
    who, switch, position = requires(request, StaffRole.OPERATOR), _switch(request), await _position(request)
    form = await read_form(request, "reason", "seen")
    try:
        ensure_valid_text(form)
        reason = read_reason(form["reason"])
        if form["seen"] != position or position not in switch.needs:
            raise Stale
        by = msgspec.structs.replace(who.actor, reason=reason)
        async with office(request).reading.tenant_session(None, who.staff_id) as session:
            if not await switch.turn(session, reason, by):
                raise Stale
    except (ValidationFailed, Conflict) as refusal:
        return await again(request, "office/confirm.html", form, refusal, **_asked(switch, position))
    return redirect(request, PAGE, switch.done)


ROUTES = (
    Route(PAGE, show, methods=["GET"]),
    Route(BY_ITSELF, refresh, methods=["GET"]),
    *(
        Route(f"{PAGE}/{slug}", way, methods=[method])
        for slug in SWITCHES
        for way, method in ((ask, "GET"), (act, "POST"))
    ),
)


async def _shown(request: Request, layout: str) -> Response:
    now = utc_now()
    async with office(request).reading.sessions() as session:
        state = await operations(session, now)
    words: dict[str, Any] = {"alert_names": ALERTS, "breaker_names": BREAKERS, "difference_names": DIFFERENCES}
    return await render(request, "office/operations.html", layout=layout, state=state, now=now, shown=SHOWN, **words)


def _switch(request: Request) -> Switch:
    return SWITCHES[request.scope["path"].rsplit("/", 1)[-1]]


async def _position(request: Request) -> str:
    async with office(request).reading.sessions() as session:
        pause = await pause_of(session)
    if pause is None:
        return _RUNNING
    return _PAUSED_HARD if pause.ends_live_calls else _PAUSED


def _asked(switch: Switch, position: str) -> dict[str, Any]:
    return {
        "title": switch.label,
        "action": switch,
        "back": PAGE,
        "seen": position,
        "reason_characters": REASON_CHARACTERS,
    }
