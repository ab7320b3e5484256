"""``/api/session``: signs in, shows the signed-in person, signs out."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.account_services import ACCOUNT_SERVICES
from accounts.auth import browser_of, current_actor, current_viewer, raw_session_id, requires_user, session_cookie
from accounts.errors import PasskeyRequired, SecondFactorRequired, WrongCode, WrongCredentials
from accounts.schemas import Person, SessionInfo, SignIn
from accounts.sessions import SessionService
from kit.audit import record
from kit.errors import TooMany, ValidationFailed
from kit.http.app_key import SETTINGS
from kit.schemas import invalid_text_errors


class SessionController(Controller):
    """The signed-in browser as a resource."""

    path = "/session"
    tags = ["Session"]

    @post(summary="Sign in", refusals=(WrongCredentials, SecondFactorRequired, PasskeyRequired, WrongCode, TooMany))
    async def sign_in(self, request: Request[Any, Any, State], data: JSONBody[SignIn]) -> Response[SessionInfo]:
        if errors := invalid_text_errors(data):
            raise ValidationFailed(errors)
        accounts = ACCOUNT_SERVICES.get(request.app)
        started_session = await accounts.sign_in_manager.sign_in(
            email=data.email,
            password=data.password,
            code=data.code,
            browser=browser_of(request),
            replaces=raw_session_id(request),
        )
        body = SessionInfo(
            user=Person(id=started_session.user_id, email=started_session.email, name=started_session.name)
        )
        cookie = session_cookie(SETTINGS.get(request.app).public_url, started_session.raw)
        return Response(body, status_code=201, cookies=[cookie])

    @get(guards=[requires_user], summary="Who is signed in")
    async def show(self, request: Request[Any, Any, State]) -> SessionInfo:
        viewer = current_viewer(request)
        return SessionInfo(user=Person(id=viewer.user_id, email=viewer.email, name=viewer.name))

    @delete(guards=[requires_user], summary="Sign out", status_code=204)
    async def sign_out(
        self, request: Request[Any, Any, State], user_session: NamedDependency[AsyncSession]
    ) -> Response[None]:
        await SessionService(user_session).end(current_viewer(request).session_id)
        await record(
            user_session, current_actor(request), "session.ended", subject_id=current_viewer(request).session_id
        )
        return Response(None, status_code=204, cookies=[session_cookie(SETTINGS.get(request.app).public_url, None)])
