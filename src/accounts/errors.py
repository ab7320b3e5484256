"""Refusals about accounts: sign-in, second factors, passkeys and mailed links."""

from kit.errors import Conflict, Forbidden, NotFound, Unauthenticated


class NotSignedIn(Unauthenticated):
    """Nobody is signed in, or the session has ended."""

    code = "not_authenticated"
    message = "Sign in to continue"


class WrongCredentials(Unauthenticated):
    """Unknown e-mail, wrong password, or a disabled account; the refusal does not tell which."""

    code = "wrong_credentials"
    message = "E-mail or password is wrong"


class SecondFactorRequired(Unauthenticated):
    """The password is right; the account asks for a code too."""

    code = "second_factor_required"
    message = "Enter the code from your authenticator app"


class WrongCode(Unauthenticated):
    """The code is wrong, expired or used before."""

    code = "wrong_code"
    message = "That code is not right, or it was used before"


class EmailNotVerified(Forbidden):
    """The person has not confirmed their e-mail address."""

    code = "email_not_verified"
    message = "Confirm your e-mail address first: open the link we sent you, or have it sent again from your account"


class LinkNotUsable(NotFound):
    """The link is unknown, used, replaced or expired; the refusal does not tell which."""

    code = "link_not_usable"
    message = "This link no longer works. It may have been used, or a newer one sent"


class SecondFactorStateConflict(Conflict):
    """The second factor is not in the state that the change requires, for example it is enabled already."""

    code = "second_factor_unchanged"
    message = "Two-step sign-in is already set this way"


class PasskeyRefused(Unauthenticated):
    """Unknown passkey, disabled account, or a response that is not valid; the refusal does not tell which."""

    code = "passkey_refused"
    message = "This passkey could not be used. Try another one, or sign in with your password"


class PasskeyChallengeNotUsable(Unauthenticated):
    """The challenge is too old, was used before, or was issued to another browser."""

    code = "passkey_too_late"
    message = "That took too long. Try again"


class PasskeyRequired(Unauthenticated):
    """The password is right; the account's only second factor is a passkey, which needs a browser."""

    code = "passkey_required"
    message = "Sign in with your passkey, in a browser"


class PasskeysUnavailable(Conflict):
    """Browsers offer passkeys on https and on localhost only, and never for an IP address."""

    code = "passkeys_unavailable"
    message = "Passkeys need an https address with a host name"


class TooManyPasskeys(Conflict):
    """The account has the maximum number of passkeys."""

    code = "too_many_passkeys"
    message = "You have 10 passkeys. Remove one first"


class LastSecondFactor(Conflict):
    """The account must keep a second factor."""

    code = "last_second_factor"
    message = "This is your only second factor. Add another passkey first, or ask another admin for a reset"
