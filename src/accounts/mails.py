"""Mails about accounts."""

from kit.mail import Mail

_NOT_YOU = "If this was not you, reset your password now: somebody else may know it."
_IGNORE = "If you did not ask for this, ignore this mail: nothing happens without the link."


def verify_email(to: str, link: str) -> Mail:
    return Mail(
        to=to,
        subject="Confirm your e-mail address",
        paragraphs=(
            "Confirm that this address is yours to start with Epoch Voice. The link works for 24 hours.",
            _IGNORE,
        ),
        action=("Confirm e-mail address", link),
    )


def already_registered(to: str, login: str) -> Mail:
    return Mail(
        to=to,
        subject="You already have an account",
        paragraphs=(
            "Somebody, probably you, tried to create an account with this address. You have one already.",
            "Sign in with it; if you forgot the password, say so there.",
            "If it was not you, ignore this mail: nothing was changed.",
        ),
        action=("Sign in", login),
    )


def reset_password(to: str, link: str) -> Mail:
    return Mail(
        to=to,
        subject="Reset your password",
        paragraphs=("Choose a new password. The link works once, for 30 minutes.", _IGNORE),
        action=("Choose a new password", link),
    )


def password_changed(to: str, forgot: str) -> Mail:
    return Mail(
        to=to,
        subject="Your password was changed",
        paragraphs=("The password of your account was changed, and every other browser was signed out.", _NOT_YOU),
        action=("Reset password", forgot),
    )


def confirm_new_email(to: str, link: str) -> Mail:
    return Mail(
        to=to,
        subject="Confirm your new e-mail address",
        paragraphs=(
            "Confirm that you want to sign in with this address from now on. The link works for an hour.",
            _IGNORE,
        ),
        action=("Confirm new address", link),
    )


def address_in_use(to: str, login: str) -> Mail:
    return Mail(
        to=to,
        subject="This address already has an account",
        paragraphs=(
            "Somebody, probably you, wanted to move another account to this address.",
            "It has an account of its own, so nothing was changed.",
        ),
        action=("Sign in", login),
    )


def email_change_requested(to: str, new_email: str, forgot: str) -> Mail:
    return Mail(
        to=to,
        subject="A new e-mail address was asked for",
        paragraphs=(f"Your account is to be moved to {new_email} once that address is confirmed.", _NOT_YOU),
        action=("Reset password", forgot),
    )


def email_changed(to: str, new_email: str) -> Mail:
    return Mail(
        to=to,
        subject="Your e-mail address was changed",
        paragraphs=(
            f"You now sign in as {new_email}.",
            "If this was not you, tell whoever runs your phones at once: somebody else is in your account.",
        ),
    )


def second_factor_changed(to: str, what: str, forgot: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Two-step sign-in: {what}",
        paragraphs=(f"Two-step sign-in: {what}.", _NOT_YOU),
        action=("Reset password", forgot),
    )


def passkey_changed(to: str, what: str, forgot: str | None) -> Mail:
    """The notice of a change; ``forgot`` is None for staff, whom another admin helps."""
    not_you = "If this was not you, tell an admin now." if forgot is None else _NOT_YOU
    return Mail(
        to=to,
        subject="Your passkeys changed",
        paragraphs=(f"A change of your account: {what}.", not_you),
        action=None if forgot is None else ("Reset password", forgot),
    )
