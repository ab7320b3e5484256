"""Refusals about organizations, their members and invitations."""

from kit.errors import Conflict, Forbidden, NotFound, ValidationFailed


class PlanTooLow(Forbidden):
    """The plan does not include the widget."""

    code = "plan_not_supported"
    message = "Organization plan does not support widgets"


class OrganizationSuspended(Forbidden):
    """Staff suspended the organization."""

    code = "organization_suspended"
    message = "Organization is suspended"


class NoPhoneNumber(Conflict):
    """The organization has no number to call from."""

    code = "no_phone_number"
    message = "No phone number provisioned"


class RoleTooLow(Forbidden):
    """The member's role does not allow the request."""

    code = "role_too_low"
    message = "Your role in this organization does not allow this"


class SlugTaken(Conflict):
    """Another organization has this slug."""

    code = "name_taken"
    message = "Too many organizations have this name. Choose another"


class UserRequired(Forbidden):
    """The request needs a person; an API key may not make it, although it acts as an admin."""

    code = "key_not_allowed"
    message = "An API key may not touch members, keys and ownership"


class LastOwner(Conflict):
    """The organization would be left without an owner."""

    code = "last_owner"
    message = "An organization needs an owner. Make somebody else an owner first"


class AlreadyMember(Conflict):
    """The invited address belongs to a member."""

    code = "already_member"
    message = "This person is a member already"


class AlreadyInvited(Conflict):
    """An invitation to the address is open."""

    code = "already_invited"
    message = "This address is invited already. Send the invitation again, or withdraw it first"


class InvitationsDeclined(Conflict):
    """The recipient reported an invitation of this organization or of this person."""

    code = "invitations_declined"
    message = "The recipient does not want invitations from you. Send them the link of the sign-up page instead"


class InvitationsPaused(Conflict):
    """Recipients reported many of the organization's invitations."""

    code = "invitations_paused"
    message = "Invitations are paused, because several recipients reported them. Write to our support"


class ReportLinkNotUsable(NotFound):
    """The report link is forged or has expired, or its invitation was deleted."""

    code = "report_link_not_usable"
    message = "This link no longer works. Use the link in the newest mail"


class InvitationNotUsable(NotFound):
    """The invitation is unknown, accepted, withdrawn, replaced or expired; the refusal does not tell which."""

    code = "invitation_not_usable"
    message = "This invitation no longer works. Ask for a new one"


class InvitationForAnotherEmail(Forbidden):
    """The invitation was sent to another e-mail address than the signed-in person's."""

    code = "invitation_for_another_address"
    message = "This invitation is for another e-mail address. Sign in with the address it was sent to"


class AlreadyApplied(Conflict):
    """The change was made already."""

    code = "already_so"
    message = "This was done already. Nothing was changed"


class ConfirmationMismatch(ValidationFailed):
    """The typed confirmation is not the organization's name."""

    def __init__(self) -> None:
        super().__init__([("confirmation", "Type the organization's name exactly as it stands above")])
