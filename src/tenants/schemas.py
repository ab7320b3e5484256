"""Request and response bodies of the API of organizations, their members and invitations."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from kit.schemas import (
    CountryCode,
    EmailAddress,
    PersonName,
    RequestModel,
    ResourceId,
    ResponseModel,
    Timestamp,
    TimeZoneName,
    rfc3339,
)
from tenants.members import TeamMember
from tenants.models import Invitation, MissedDigest, Organization, Role
from tenants.plans import Plan

OrganizationName = Annotated[str, Meta(examples=["Acme Realty"])]


class OrganizationInfo(ResponseModel, frozen=True, kw_only=True):
    """An organization as one of its members sees it."""

    id: ResourceId
    slug: Annotated[str, Meta(examples=["acme"])]
    name: OrganizationName
    plan: Plan
    country: CountryCode
    time_zone: TimeZoneName
    """The zone in which pages and mails show times; by default that of the country. The API's times are UTC."""
    role: Role

    @classmethod
    def of(cls, organization: Organization, role: Role) -> "OrganizationInfo":
        return cls(
            id=organization.id,
            slug=organization.slug,
            name=organization.name,
            plan=organization.plan,
            country=organization.country,
            time_zone=organization.zone.key,
            role=role,
        )


class ChangeOrganization(RequestModel, frozen=True, kw_only=True):
    """The changes to an organization; missing fields stay."""

    name: OrganizationName | UnsetType = UNSET
    country: CountryCode | UnsetType = UNSET
    """ISO 3166 two-letter code, by which national numbers are read."""
    time_zone: TimeZoneName | UnsetType | None = UNSET
    """IANA name of the zone in which pages and mails show times; null for that of the country."""


class MemberInfo(ResponseModel, frozen=True, kw_only=True):
    """A member as other members see them."""

    id: ResourceId
    user_id: ResourceId
    email: EmailAddress
    name: PersonName
    role: Role
    from_number_id: Annotated[ResourceId | None, Meta(examples=[None])]
    """The number that the member's calls show; null where they have none of their own."""
    missed_digest: MissedDigest
    """The frequency of the mails about missed calls that the member gets."""
    joined_at: Timestamp | None

    @classmethod
    def of(cls, member: TeamMember) -> "MemberInfo":
        return cls(
            missed_digest=MissedDigest(member.membership.missed_digest),
            from_number_id=member.from_number_id,
            id=member.membership.id,
            user_id=member.membership.user_id,
            email=member.email,
            name=member.name,
            role=member.membership.role,
            joined_at=rfc3339(member.membership.created_at),
        )


class ChangeMember(RequestModel, frozen=True, kw_only=True):
    """The fields of a member that can be changed; a field that is left out stays."""

    role: Role | UnsetType = UNSET
    from_number_id: Annotated[UUID | UnsetType | None, Meta(examples=[None])] = UNSET
    """The number that the member's calls show, of the organization's; null for none of their own."""
    missed_digest: MissedDigest | UnsetType = UNSET
    """The frequency of the mails about missed calls; ``daily`` is at 8 by the organization's clock."""


class Invite(RequestModel, frozen=True, kw_only=True):
    """The person to invite."""

    email: EmailAddress
    role: Role = Role.MEMBER


class InvitationInfo(ResponseModel, frozen=True, kw_only=True):
    """An open invitation, without its link, which only the mail contains."""

    id: ResourceId
    email: EmailAddress
    role: Role
    invited_by: ResourceId | None
    created_at: Timestamp | None
    expires_at: Timestamp | None
    """The link stops working at this time; resending makes a new one."""

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationInfo":
        return cls(
            id=invitation.id,
            email=invitation.email,
            role=invitation.role,
            invited_by=invitation.invited_by,
            created_at=rfc3339(invitation.created_at),
            expires_at=rfc3339(invitation.expires_at),
        )
