"""Wire types about people."""

from uuid import UUID

from kit.structs import Command, Payload


class SignIn(Command, frozen=True, kw_only=True):
    """Credentials."""

    email: str
    password: str


class Person(Payload, frozen=True, kw_only=True):
    """A person as they see themselves."""

    id: UUID
    email: str
    name: str


class SessionInfo(Payload, frozen=True, kw_only=True):
    """Who is signed in here."""

    user: Person
