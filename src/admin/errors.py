"""Errors that refuse requests of staff, each with its code and sentence: for roles, links, forms and staff actions."""

from kit.errors import Conflict, Forbidden, NotFound


class StaffRoleTooLow(Forbidden):
    """The staff member's role does not allow the page or the action."""

    code = "role_too_low"
    message = "Your role does not allow this"


class StaffLinkNotUsable(NotFound):
    """The link is unknown, used, replaced by a newer one, or expired; the refusal does not tell which."""

    code = "link_not_usable"
    message = "This link no longer works. It may have been used, or a newer one made"


class LastAdmin(Conflict):
    """The change would leave no admin."""

    code = "last_admin"
    message = "The back office needs an admin. Make somebody else one first"


class StaleForm(Conflict):
    """The record has changed since the form was opened."""

    code = "stale_form"
    message = "This record has changed since you opened the page. Nothing was done. Check it and try again"


class AlreadyDone(Conflict):
    """The record is in a state to which the action does not apply."""

    code = "already_done"
    message = "Already done. Nothing was changed"

    def __init__(self, state: str) -> None:
        super().__init__(f"{state}. Nothing was changed")


class NotAtOurCarrier(Conflict):
    """The number to adopt is not in the carrier account."""

    code = "not_at_carrier"
    message = "Our carrier account does not hold this number"


class NumberAlreadyHeld(Conflict):
    """An organization holds the number to adopt."""

    code = "number_held"
    message = "An organization holds this number already"
