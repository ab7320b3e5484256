"""API of verified numbers: list an organization's numbers, request a validation call, remove a number."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import TooMany
from kit.http.tenant_concurrency import ASKS_CARRIER
from kit.schemas import Page
from phone_numbers.controllers import number_provisioning
from phone_numbers.errors import (
    CarrierBusy,
    CarrierNotAnswering,
    NumberVerifiedAlready,
    NumberVerifiedForAnotherAccount,
    TooManyVerifiedNumbers,
)
from phone_numbers.schemas import VerificationRequested, VerifiedNumberInfo, VerifyNumber
from phone_numbers.verified_numbers.services import VerifiedNumberService
from tenants.auth import current_member
from tenants.errors import OrganizationSuspended
from tenants.guards import requires_member, requires_role, requires_widget_plan
from tenants.models import Role
from tenants.rules import ensure_not_suspended

_MEMBER = (requires_member,)
_ADMIN = (requires_member, requires_role(Role.ADMIN))


class VerifiedNumberController(Controller):
    """Numbers that the organization in the path holds with another company, and that its outgoing calls may show.

    Handlers that ask the carrier take no session from the framework: no transaction may be open meanwhile.
    """

    path = "/organizations/{organization_id:uuid}/verified-numbers"
    tags = ("Phone numbers",)

    @get(guards=_MEMBER, summary="Verified numbers")
    async def index(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]
    ) -> Page[VerifiedNumberInfo]:
        """The organization's verified numbers in every state, newest first; at most 10."""
        rows = await VerifiedNumberService(db_session).list_all(organization_id)
        return Page(items=[VerifiedNumberInfo.of(row) for row in rows])

    @post(
        guards=(*_ADMIN, requires_widget_plan),
        opt=ASKS_CARRIER,
        summary="Verify a number that the organization holds with another company",
        refusals=(
            OrganizationSuspended,
            NumberVerifiedAlready,
            NumberVerifiedForAnotherAccount,
            TooManyVerifiedNumbers,
            TooMany,
            CarrierBusy,
            CarrierNotAnswering,
        ),
    )
    async def verify(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], data: JSONBody[VerifyNumber]
    ) -> VerificationRequested:
        """Let the carrier call the number at once: the person who answers types `validation_code` on the keypad.

        The list then shows the status `verified`, or `failed` if nobody typed the code; after that request another
        call. At most 3 calls a day (UTC) to one number, and 10 for the organization. The calling rules apply: a number
        in a country that is not enabled, a blocked number and a business number of another organization are refused
        before the carrier is asked.
        """
        member = current_member(request)
        ensure_not_suspended(member.suspended)
        requested = await number_provisioning(request).verifier.request(
            organization_id, data.number, data.name, country=member.country, by=member.actor
        )
        return VerificationRequested(id=requested.number_id, validation_code=requested.code)

    # No plan is required: stored data can always be deleted.
    @delete(
        "/{verified_number_id:uuid}",
        guards=_ADMIN,
        opt=ASKS_CARRIER,
        summary="Remove a verified number",
        status_code=204,
    )
    async def remove(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], verified_number_id: FromPath[UUID]
    ) -> None:
        """Remove the number: calls no longer show it. Calls of tokens and members to which it was assigned show the
        next number of the token's list, or the organization's default, as after the release of a bought number.
        """
        await number_provisioning(request).verifier.remove(
            organization_id, verified_number_id, by=current_member(request).actor
        )
