"""Refusals about people."""

from kit.errors import Unauthenticated


class NotSignedIn(Unauthenticated):
    """Nobody is signed in, or their session is over."""

    code = "not_authenticated"
    message = "Sign in to continue"


class WrongCredentials(Unauthenticated):
    """Unknown e-mail, wrong password, or a disabled account: the three are not told apart."""

    code = "wrong_credentials"
    message = "E-mail or password is wrong"
