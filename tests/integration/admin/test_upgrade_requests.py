"""Requests for a bigger plan: mailed to the staff who may answer them, and listed in the back office."""

import httpx
import pytest

from admin.models import StaffRole
from conftest import NewClient
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox, text_of
from support.staff import make_staff, sign_in_to_back_office
from tenants.plans import Plan

pytestmark = pytest.mark.anyio


async def test_a_request_is_mailed_to_those_who_may_answer_and_stands_in_the_back_office(
    client: httpx.AsyncClient, new_client: NewClient, database: Database, make: Factory, settings: Settings
) -> None:
    operator, support = [await make_staff(database, role) for role in (StaffRole.OPERATOR, StaffRole.SUPPORT)]
    tenant = await make.tenant(plan=Plan.STARTER, name="<b>Hungry</b> & Co")
    await sign_in(client, tenant.owner)
    settings_page = f"/dashboard/{tenant.organization.slug}/settings"
    for _ in range(2):
        await submit(client, f"{settings_page}/upgrade", f"{settings_page}/widget")

    [mail] = await Mailbox(settings, operator.email).all()
    assert mail["Subject"] == "<b>Hungry</b> & Co asks for Pro"
    assert tenant.owner.email in text_of(mail)
    mailed = Mailbox(settings, operator.email).recipients()
    assert support.email not in mailed
    colleague = await sign_in_to_back_office(new_client(), support)
    page = (await colleague.client.get("/admin")).text
    assert "&lt;b&gt;Hungry&lt;/b&gt; &amp; Co" in page
    assert tenant.owner.email in page
