"""Texts of the mails about accounts: confirmation, password, e-mail address, second factor, passkeys."""

from kit.mail import Mail

_IF_NOT_YOU = "If this was not you, reset your password now: somebody else may know it."
_IGNORE_ADVICE = "If you did not ask for this, ignore this mail: nothing happens without the link."


def verify_email(to: str, link: str) -> Mail:
    return Mail(
        to=to,
        subject="Confirm your e-mail address",
        paragraphs=(
            "Confirm that this address is yours to start with Epoch Voice. The link works for 24 hours.",
            _IGNORE_ADVICE,
        ),
        action=("Confirm e-mail address", link),
    )


def already_registered(to: str, login_url: str) -> Mail:
    return Mail(
        to=to,
        subject="You already have an account",
        paragraphs=(
            "Somebody, probably you, tried to create an account with this address. You have one already.",
            "Sign in with it. If you forgot the password, reset it on the sign-in page.",
            "If it was not you, ignore this mail: nothing was changed.",
        ),
        action=("Sign in", login_url),
    )


def reset_password(to: str, link: str) -> Mail:
    return Mail(
        to=to,
        subject="Reset your password",
        paragraphs=("Choose a new password. The link works once, for 30 minutes.", _IGNORE_ADVICE),
        action=("Choose a new password", link),
    )


def password_changed(to: str, forgot_url: str) -> Mail:
    return Mail(
        to=to,
        subject="Your password was changed",
        paragraphs=("The password of your account was changed, and every other browser was signed out.", _IF_NOT_YOU),
        action=("Reset password", forgot_url),
    )


def confirm_new_email(to: str, link: str) -> Mail:
    return Mail(
        to=to,
        subject="Confirm your new e-mail address",
        paragraphs=(
            "Confirm that you want to sign in with this address from now on. The link works for an hour.",
            _IGNORE_ADVICE,
        ),
        action=("Confirm new address", link),
    )


def email_in_use(to: str, login_url: str) -> Mail:
    return Mail(
        to=to,
        subject="This address already has an account",
        paragraphs=(
            "Somebody, probably you, wanted to move another account to this address.",
            "This address has an account already, so nothing was changed.",
        ),
        action=("Sign in", login_url),
    )


def email_change_requested(to: str, new_email: str, forgot_url: str) -> Mail:
    return Mail(
        to=to,
        subject="A new e-mail address was asked for",
        paragraphs=(f"Your account is to be moved to {new_email} once that address is confirmed.", _IF_NOT_YOU),
        action=("Reset password", forgot_url),
    )


def email_changed(to: str, new_email: str) -> Mail:
    return Mail(
        to=to,
        subject="Your e-mail address was changed",
        paragraphs=(
            f"You now sign in as {new_email}.",
            "If this was not you, tell the people who run your phones at once: somebody else can use your account.",
        ),
    )


def second_factor_changed(to: str, change: str, forgot_url: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Two-step sign-in: {change}",
        paragraphs=(f"Two-step sign-in: {change}.", _IF_NOT_YOU),
        action=("Reset password", forgot_url),
    )


def passkey_changed(to: str, change: str, forgot_url: str | None) -> Mail:
    """The notice of a change; ``forgot_url`` is None for staff, who cannot reset their password themselves."""
    if_not_you = "If this was not you, tell an admin now." if forgot_url is None else _IF_NOT_YOU
    return Mail(
        to=to,
        subject="Your passkeys changed",
        paragraphs=(f"A change to your account: {change}.", if_not_you),
        action=None if forgot_url is None else ("Reset password", forgot_url),
    )
