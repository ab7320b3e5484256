"""``/dashboard/<slug>/calls/<id>/call-back``: calls the caller of a missed call from the dashboard's own phone."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.missed_calls import MissedCallService, may_call_back
from calls.services import CallService
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from kit.http.app_key import SETTINGS
from kit.http.forms import read_form
from phone_numbers.services import PhoneNumberService
from tenants.auth import current_member
from tenants.guards import requires_phone_number, requires_widget_plan
from widget.dashboard_phone import DashboardPhoneService
from widget.tickets import issue_page_ticket

PageRequest = Request[Any, Any, State]
_CAN_CALL = (requires_widget_plan, requires_phone_number)


class CallBackPages(Controller):
    """Page with the dashboard's phone for one caller."""

    path = "/dashboard/{slug:str}/calls/{call_id:uuid}/call-back"
    guards = (requires_membership,)

    @post(guards=_CAN_CALL)
    async def begin(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        call_id: FromPath[UUID],
    ) -> Response[str]:
        """Make sure that the dashboard has a phone, and lead to it."""
        await read_form(request)
        who = current_member(request)
        call = await CallService(db_session).get(who.organization_id, call_id)
        if not may_call_back(call):
            return redirect(request, f"/dashboard/{slug}/calls/{call_id}")
        phone = DashboardPhoneService(db_session, SETTINGS.get(request.app).secret_keys)
        await phone.ensure(who.organization_id, by=who.actor)
        return redirect(request, f"/dashboard/{slug}/calls/{call_id}/call-back")

    @get(guards=_CAN_CALL)
    async def show(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        call_id: FromPath[UUID],
    ) -> Response[str]:
        """The phone and what is known of the call; without a phone, or a number to call, the call's own page."""
        who, settings = current_member(request), SETTINGS.get(request.app)
        call = await CallService(db_session).get(who.organization_id, call_id)
        found = await DashboardPhoneService(db_session, settings.secret_keys).find(who.organization_id)
        if found is None or not may_call_back(call):
            return redirect(request, f"/dashboard/{slug}/calls/{call_id}")
        token, raw = found
        usable = await PhoneNumberService(db_session).list_from_numbers(who.organization_id)
        return render(
            request,
            "calls/call_back.html",
            widget=True,
            call=call,
            later=(await MissedCallService(db_session).later_calls(who.organization_id, [call])).get(call.id),
            # The caller sees the number that they called, as long as it can be shown.
            shown=call.to_number if call.to_number in [number.number for number in usable] else "",
            raw=raw,
            ticket=issue_page_ticket(settings, token.id, member_id=who.actor.user_id),
        )
