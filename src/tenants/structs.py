"""Wire types about organizations."""

from uuid import UUID

from kit.structs import Payload
from tenants.models import Organization, Role
from tenants.plans import Plan


class OrganizationInfo(Payload, frozen=True, kw_only=True):
    """An organization as one of its members sees it."""

    id: UUID
    slug: str
    name: str
    plan: Plan
    country: str
    role: Role

    @classmethod
    def of(cls, organization: Organization, role: Role) -> "OrganizationInfo":
        return cls(
            id=organization.id,
            slug=organization.slug,
            name=organization.name,
            plan=organization.plan,
            country=organization.country,
            role=role,
        )
