"""Refusals about people."""

from kit.errors import Conflict, Forbidden, NotFound, Unauthenticated


class NotSignedIn(Unauthenticated):
    """Nobody is signed in, or their session is over."""

    code = "not_authenticated"
    message = "Sign in to continue"


class WrongCredentials(Unauthenticated):
    """Unknown e-mail, wrong password, or a disabled account: the three are not told apart."""

    code = "wrong_credentials"
    message = "E-mail or password is wrong"


class SecondFactorRequired(Unauthenticated):
    """The password is right; the account asks for a code too."""

    code = "second_factor_required"
    message = "Enter the code from your authenticator app"


class WrongCode(Unauthenticated):
    """Not a code of now, one that was used before, or no recovery code that is left."""

    code = "wrong_code"
    message = "That code is not right, or it was used before"


class EmailNotVerified(Forbidden):
    """The person has not yet shown that the e-mail address is theirs."""

    code = "email_not_verified"
    message = "Confirm your e-mail address first: open the link we sent you, or have it sent again from your account"


class LinkNotUsable(NotFound):
    """The link is unknown, used, replaced by a newer one, or too old: the four are not told apart."""

    code = "link_not_usable"
    message = "This link no longer works. It may have been used, or a newer one sent"


class SecondFactorUnchanged(Conflict):
    """The second factor is already as it is asked to be."""

    code = "second_factor_unchanged"
    message = "Two-step sign-in is already set this way"
