"""Request and response bodies of the session API: sign-in, and the signed-in user's session."""

from typing import Annotated

from msgspec import Meta

from kit.schemas import EmailAddress, PersonName, RequestModel, ResourceId, ResponseModel


class SignIn(RequestModel, frozen=True, kw_only=True):
    """The credentials."""

    email: EmailAddress
    password: Annotated[str, Meta(examples=["correct horse battery"])]
    code: Annotated[str | None, Meta(examples=[None])] = None
    """From the authenticator app, or a recovery code; asked for by ``second_factor_required``."""


class Person(ResponseModel, frozen=True, kw_only=True):
    """The signed-in person."""

    id: ResourceId
    email: EmailAddress
    name: PersonName


class SessionInfo(ResponseModel, frozen=True, kw_only=True):
    """The session."""

    user: Person
