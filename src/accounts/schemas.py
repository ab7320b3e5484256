"""Wire types of sessions."""

from uuid import UUID

from kit.schemas import RequestModel, ResponseModel


class SignIn(RequestModel, frozen=True, kw_only=True):
    """The credentials."""

    email: str
    password: str
    code: str | None = None
    """From the authenticator app, or a recovery code; asked for by ``second_factor_required``."""


class Person(ResponseModel, frozen=True, kw_only=True):
    """The signed-in person."""

    id: UUID
    email: str
    name: str


class SessionInfo(ResponseModel, frozen=True, kw_only=True):
    """The session."""

    user: Person
