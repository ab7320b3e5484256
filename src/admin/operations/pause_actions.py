"""Staff actions that pause and resume the calls of all organizations."""

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request

from admin.actions.confirm_page import PendingAction, confirmation_routes
from admin.actions.staff_action import ActionContext, StaffAction, staff_action
from admin.errors import StaleForm
from admin.models import StaffRole
from admin.operations.services import OperationsService
from admin.page_helpers import back_office, require_role
from admin.state_sentences import live_calls_sentence
from calls.limits.pause import CallingPauseService

OPERATIONS_PATH = "/admin/operations"
_RUNNING, _PAUSED, _PAUSED_AND_ENDED = "running", "paused", "paused, live calls ended"


@staff_action(
    "pause",
    "Pause all calls",
    role=StaffRole.OPERATOR,
    effect="No organization can place a call until somebody resumes calls: phones show that the service is "
    "temporarily unavailable. Live calls continue.",
    applies=lambda state: state == _RUNNING,
)
async def pause(context: ActionContext[str]) -> str:
    async with context.staff_session() as session:
        if not await CallingPauseService(session).pause(reason=context.by.reason, by=context.by):
            raise StaleForm
        live = await live_calls_sentence(session, sa.true(), "continuing")
    return f"The calls of all organizations are paused. {live}"


@staff_action(
    "pause-and-end",
    "Pause and end live calls",
    role=StaffRole.OPERATOR,
    effect="No organization can place a call until somebody resumes calls, and every live call is cut off within "
    "seconds.",
    applies=lambda state: state in (_RUNNING, _PAUSED),
)
async def pause_and_end(context: ActionContext[str]) -> str:
    async with context.staff_session() as session:
        if not await CallingPauseService(session).pause(reason=context.by.reason, by=context.by, end_live=True):
            raise StaleForm
        live = await live_calls_sentence(session, sa.true(), "being ended")
    return f"The calls of all organizations are paused. {live}"


@staff_action(
    "resume",
    "Resume calls",
    role=StaffRole.OPERATOR,
    effect="Every organization can place calls again, at once.",
    applies=lambda state: state in (_PAUSED, _PAUSED_AND_ENDED),
    is_destructive=False,
)
async def resume(context: ActionContext[str]) -> str:
    async with context.staff_session() as session:
        if not await CallingPauseService(session).resume(by=context.by):
            raise StaleForm
    return "Calls are not paused any more: every organization that is not suspended can place calls now."


PAUSE_ACTIONS: tuple[StaffAction, ...] = (pause, pause_and_end, resume)


async def _load(request: Request) -> PendingAction:
    """The action named in the path; its record is the state of the pause. Raises: HTTPException, StaffRoleTooLow."""
    slug = request.scope["path"].rsplit("/", 1)[-1]
    action = next((action for action in PAUSE_ACTIONS if action.slug == slug), None)
    if action is None:
        raise HTTPException(404)
    require_role(request, action.role)
    async with back_office(request).staff_database.sessions() as session:
        current = await OperationsService(session).current_pause()
    state = _RUNNING if current is None else _PAUSED_AND_ENDED if current.ends_live_calls else _PAUSED
    return PendingAction(action, state, title=action.label, state=state, lock_key="pause", return_path=OPERATIONS_PATH)


ROUTES = [route for action in PAUSE_ACTIONS for route in confirmation_routes(f"{OPERATIONS_PATH}/{action.slug}", _load)]
