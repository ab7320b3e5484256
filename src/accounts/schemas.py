"""Wire types about people."""

from uuid import UUID

from kit.schemas import RequestModel, ResponseModel


class SignIn(RequestModel, frozen=True, kw_only=True):
    """Credentials."""

    email: str
    password: str
    code: str | None = None
    """From the authenticator app, or a recovery code; asked for by ``second_factor_required``."""


class Person(ResponseModel, frozen=True, kw_only=True):
    """A person as they see themselves."""

    id: UUID
    email: str
    name: str


class SessionInfo(ResponseModel, frozen=True, kw_only=True):
    """Who is signed in here."""

    user: Person
