"""API of phone numbers (search, buy, list, change, release) and of postal addresses (list, register, delete)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.database import Database
from kit.db.paging import PageQuery
from kit.errors import NotFound, TooMany
from kit.http.app_key import DATABASE
from kit.http.tenant_concurrency import ASKS_CARRIER
from kit.schemas import Page
from phone_numbers.address_rules import parse_address
from phone_numbers.address_service import AddressService
from phone_numbers.errors import (
    AddressDeletionPaused,
    AddressDeletionUnconfirmed,
    AddressExists,
    AddressInUse,
    AddressNotValid,
    AddressPending,
    AddressRequired,
    BundleRequired,
    CarrierAccountLimited,
    CarrierBusy,
    CarrierNotAnswering,
    NoNumbersInAreaCode,
    NumberInUse,
    NumberNotAvailable,
    PurchaseInProgress,
    ReleasesPaused,
    ReleaseUnconfirmed,
    TooManyNumbers,
    TooManyPurchases,
)
from phone_numbers.provisioning import NUMBER_PROVISIONING, NumberProvisioning
from phone_numbers.rules import parse_search
from phone_numbers.schemas import (
    AddAddress,
    AddressInfo,
    AvailableNumberInfo,
    ChangeNumber,
    GetNumber,
    NumberTypesInfo,
    PhoneNumberInfo,
)
from phone_numbers.services import PhoneNumberService
from tenants.auth import current_member
from tenants.errors import OrganizationSuspended
from tenants.guards import requires_member, requires_role, requires_widget_plan
from tenants.models import Role

_MEMBER = (requires_member,)
_ADMIN = (requires_member, requires_role(Role.ADMIN))


class PhoneNumberController(Controller):
    """Phone numbers of the organization in the path.

    Handlers that ask the carrier take no session from the framework: no transaction may be open meanwhile.
    """

    path = "/organizations/{organization_id:uuid}/phone-numbers"
    tags = ("Phone numbers",)
    opt = ASKS_CARRIER

    @get(
        "/available",
        guards=(*_MEMBER, requires_widget_plan),
        summary="Numbers for sale",
        refusals=(TooMany, NoNumbersInAreaCode, CarrierBusy, CarrierNotAnswering),
    )
    async def available(
        self,
        request: Request[Any, Any, State],
        organization_id: FromPath[UUID],
        country: FromQuery[str | None] = None,
        area_code: FromQuery[str] = "",
        contains: FromQuery[str] = "",
        locality: FromQuery[str] = "",
        number_type: Annotated[str, QueryParameter(name="type")] = "",
        available_now: FromQuery[bool] = False,
    ) -> Page[AvailableNumberInfo]:
        """Numbers for sale, of one type.

        ``type`` is ``local`` (when left out), ``mobile``, ``national`` or ``toll-free``; a country without that type
        has no results. Outside the US and Canada ``area_code`` is matched with the beginning of the number, and cannot
        be combined with ``contains``. ``available_now=true`` leaves out the numbers that need an address first.
        ``monthly_price`` is the carrier's price of the number per month; null where it is not known.
        """
        member = current_member(request)
        query = parse_search(
            member.country if country is None else country,
            area_code,
            contains,
            number_type=number_type,
            locality=locality,
        )
        searcher, prices = number_provisioning(request).searcher, number_provisioning(request).prices
        found = await searcher.search(organization_id, query, by=member.actor, available_now=available_now)
        registered = await searcher.registered_countries(organization_id, by=member.actor)
        monthly = await prices.of_country(query.country) if found else {}
        return Page(
            items=[AvailableNumberInfo.of(offered, registered, monthly.get(offered.number_type)) for offered in found]
        )

    @get(
        "/available/types",
        guards=(*_MEMBER, requires_widget_plan),
        summary="Types of numbers of a country",
        refusals=(CarrierNotAnswering,),
    )
    async def types(
        self,
        request: Request[Any, Any, State],
        organization_id: FromPath[UUID],
        country: FromQuery[str | None] = None,
    ) -> NumberTypesInfo:
        member = current_member(request)
        code = parse_search(member.country if country is None else country).country
        types = await number_provisioning(request).searcher.number_types(code)
        return NumberTypesInfo(country=code, types=sorted(types))

    @get(guards=_MEMBER, summary="Phone numbers of the organization")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[PhoneNumberInfo]:
        service = PhoneNumberService(db_session)
        rows = await service.list_held(organization_id, after=page_query.after, limit=page_query.limit)
        default_id = await service.get_default_id(organization_id)
        return page_query.to_page(rows, lambda number: PhoneNumberInfo.of(number, default_id))

    @post(
        guards=(*_ADMIN, requires_widget_plan),
        summary="Get a phone number",
        refusals=(
            OrganizationSuspended,
            AddressRequired,
            BundleRequired,
            NoNumbersInAreaCode,
            NumberNotAvailable,
            TooManyNumbers,
            TooManyPurchases,
            PurchaseInProgress,
            TooMany,
            CarrierAccountLimited,
            CarrierBusy,
            CarrierNotAnswering,
        ),
    )
    async def obtain(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], data: JSONBody[GetNumber]
    ) -> PhoneNumberInfo:
        member, database = current_member(request), DATABASE.get(request.app)
        number = await number_provisioning(request).purchaser.buy(
            organization_id, data.number, by=member.actor, country=data.country, number_type=data.type
        )
        async with database.tenant_session(organization_id, member.actor.user_id) as session:
            return PhoneNumberInfo.of(number, await PhoneNumberService(session).get_default_id(organization_id))

    @get("/{number_id:uuid}", guards=_MEMBER, summary="One phone number")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], number_id: FromPath[UUID]
    ) -> PhoneNumberInfo:
        service = PhoneNumberService(db_session)
        number = await service.get_held(organization_id, number_id)
        return PhoneNumberInfo.of(number, await service.get_default_id(organization_id))

    @patch("/{number_id:uuid}", guards=_ADMIN, summary="Rename a phone number, or make it the default")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        number_id: FromPath[UUID],
        data: JSONBody[ChangeNumber],
    ) -> PhoneNumberInfo:
        service = PhoneNumberService(db_session)
        number = await service.update(
            organization_id,
            number_id,
            by=current_member(request).actor,
            name=None if isinstance(data.name, msgspec.UnsetType) else data.name,
            default=None if isinstance(data.default, msgspec.UnsetType) else data.default,
        )
        return PhoneNumberInfo.of(number, await service.get_default_id(organization_id))

    # No plan is required: a number, which costs money, can always be released.
    @delete(
        "/{number_id:uuid}",
        guards=_ADMIN,
        summary="Release a phone number",
        status_code=204,
        refusals=(NumberInUse, ReleasesPaused, ReleaseUnconfirmed),
    )
    async def release(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], number_id: FromPath[UUID]
    ) -> None:
        await number_provisioning(request).releaser.release(
            organization_id, number_id, by=current_member(request).actor
        )


class AddressController(Controller):
    """Postal addresses of the organization in the path, at most one in each country.

    Handlers that ask the carrier take no session from the framework: no transaction may be open meanwhile.
    """

    path = "/organizations/{organization_id:uuid}/addresses"
    tags = ("Phone numbers",)
    opt = ASKS_CARRIER

    @get(guards=_ADMIN, summary="Registered addresses")
    async def index(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]
    ) -> Page[AddressInfo]:
        rows = await AddressService(db_session).list_all(organization_id)
        return Page(items=[AddressInfo.of(row) for row in rows])

    @post(
        guards=(*_ADMIN, requires_widget_plan),
        summary="Register an address",
        refusals=(AddressExists, AddressNotValid, CarrierBusy, CarrierNotAnswering),
    )
    async def add(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], data: JSONBody[AddAddress]
    ) -> AddressInfo:
        """Register an address at the carrier, which may correct its parts.

        Numbers that need an address are then bought with it; `available_now` in the number search considers it.
        """
        address = parse_address(data.country, msgspec.structs.asdict(data))
        member, database = current_member(request), DATABASE.get(request.app)
        row_id = await number_provisioning(request).addresses.register(organization_id, address, by=member.actor)
        return await _read_address(database, organization_id, row_id, member.actor.user_id)

    # No plan is required: stored data can always be deleted.
    @delete(
        "/{address_id:uuid}",
        guards=_ADMIN,
        summary="Delete an address",
        status_code=204,
        refusals=(AddressInUse, AddressPending, AddressDeletionPaused, AddressDeletionUnconfirmed),
    )
    async def remove(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], address_id: FromPath[UUID]
    ) -> None:
        await number_provisioning(request).addresses.delete(
            organization_id, address_id, by=current_member(request).actor
        )


async def _read_address(database: Database, organization_id: UUID, row_id: UUID, user_id: UUID | None) -> AddressInfo:
    async with database.tenant_session(organization_id, user_id) as session:
        rows = await AddressService(session).list_all(organization_id)
    row = next((row for row in rows if row.id == row_id), None)
    if row is None:
        raise NotFound
    return AddressInfo.of(row)


def number_provisioning(request: Request[Any, Any, State]) -> NumberProvisioning:
    """The application's number provisioning."""
    return NUMBER_PROVISIONING.get(request.app)
