"""``/dashboard/<slug>/calls/<id>/call-back``: the page with a phone for calling back the caller of a missed call."""

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
_MAY_CALL = (requires_widget_plan, requires_phone_number)


class CallBackPages(Controller):
    """The page with the dashboard's own phone, and the button that opens it."""

    path = "/dashboard/{slug:str}/calls/{call_id:uuid}/call-back"
    guards = (requires_membership,)

    @post(guards=_MAY_CALL)
    async def begin(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        call_id: FromPath[UUID],
    ) -> Response[str]:
        """Create the dashboard's embed token unless there is one, and redirect to the page with the phone."""
        await read_form(request)
        member = current_member(request)
        call = await CallService(db_session).get(member.organization_id, call_id)
        if not may_call_back(call):
            return redirect(request, f"/dashboard/{slug}/calls/{call_id}")
        phone = DashboardPhoneService(db_session, SETTINGS.get(request.app).secret_keys)
        await phone.ensure(member.organization_id, by=member.actor)
        return redirect(request, f"/dashboard/{slug}/calls/{call_id}/call-back")

    @get(guards=_MAY_CALL)
    async def show(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        call_id: FromPath[UUID],
    ) -> Response[str]:
        """Show the phone and the missed call; redirect to the call's page if there is no token or no number to call."""
        member, settings = current_member(request), SETTINGS.get(request.app)
        call = await CallService(db_session).get(member.organization_id, call_id)
        found = await DashboardPhoneService(db_session, settings.secret_keys).find(member.organization_id)
        if found is None or not may_call_back(call):
            return redirect(request, f"/dashboard/{slug}/calls/{call_id}")
        token, raw_token = found
        from_numbers = await PhoneNumberService(db_session).list_from_numbers(member.organization_id)
        return render(
            request,
            "calls/call_back.html",
            widget=True,
            call=call,
            later_call=(await MissedCallService(db_session).later_calls(member.organization_id, [call])).get(call.id),
            # The call shows the number that was called, if the organization still has it.
            from_number=call.to_number if call.to_number in [number.number for number in from_numbers] else "",
            raw_token=raw_token,
            ticket=issue_page_ticket(settings, token.id, member_id=member.actor.user_id),
        )
