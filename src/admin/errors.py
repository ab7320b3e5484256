"""Refusals in the back office."""

from kit.errors import Conflict, Forbidden, NotFound


class StaffRoleTooLow(Forbidden):
    """The staff member's role does not include this."""

    code = "role_too_low"
    message = "Your role does not allow this"


class StaffLinkNotUsable(NotFound):
    """The link is unknown, used, replaced by a newer one, or too old: the four are not told apart."""

    code = "link_not_usable"
    message = "This link no longer works. It may have been used, or a newer one made"


class LastAdmin(Conflict):
    """Nobody would be left who can manage staff."""

    code = "last_admin"
    message = "The back office needs an admin. Make somebody else one first"


class NothingToChange(Conflict):
    """Things already are as they are asked to be."""

    code = "nothing_to_change"
    message = "Somebody was faster: it is already so. Nothing was changed"
