"""``/api/session``: sign in, who am I, sign out."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.auth import requires_user, session_cookie, viewer
from accounts.services import SessionService, UserService, Viewer
from accounts.structs import Person, SessionInfo, SignIn


def _info(person: Viewer) -> SessionInfo:
    return SessionInfo(user=Person(id=person.user_id, email=person.email, name=person.name))


class SessionController(Controller):
    """The signed-in browser as a resource."""

    path = "/session"
    tags = ["Session"]

    @post(summary="Sign in")
    async def sign_in(
        self, data: JSONBody[SignIn], db_session: NamedDependency[AsyncSession], state: State
    ) -> Response[SessionInfo]:
        users, sessions = UserService(db_session), SessionService(db_session)
        user = await users.authenticate(email=data.email, password=data.password, passwords=state.passwords)
        raw = await sessions.begin(user.id)
        body = SessionInfo(user=Person(id=user.id, email=user.email, name=user.name))
        return Response(body, status_code=201, cookies=[session_cookie(state.settings.public_url, raw)])

    @get(guards=[requires_user], summary="Who is signed in")
    async def show(self, request: Request[Any, Any, State]) -> SessionInfo:
        return _info(viewer(request))

    @delete(guards=[requires_user], summary="Sign out", status_code=204)
    async def sign_out(
        self, request: Request[Any, Any, State], db_session: NamedDependency[AsyncSession], state: State
    ) -> Response[None]:
        await SessionService(db_session).end(viewer(request).session_id)
        return Response(None, status_code=204, cookies=[session_cookie(state.settings.public_url, None)])
