"""The URL of a form, opened by GET as *reload* or *back* does after a refusal, redirects to the form's page."""

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from support.factories import Tenant
from support.routes import fill

pytestmark = pytest.mark.anyio
PREFIXES_OF_FORMS = ("/dashboard/", "/account/", "/login/", "/logout")


async def test_the_url_of_each_form_redirects_to_a_page(
    app: Litestar, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    slug = tenant.organization.slug
    templates = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute) and "GET" not in route.methods and route.path.startswith(PREFIXES_OF_FORMS)
    }
    assert len(templates) > 40
    targets = {}
    for template in sorted(templates):
        answer = await owner.get(fill(template, {"slug": slug}).decode())
        assert answer.status_code == 303, template
        targets[template.replace("{slug}", slug)] = answer.headers["location"]
    settings = f"/dashboard/{slug}/settings"
    # Each form has its own page, not the first page of all settings.
    assert settings not in targets.values()
    assert targets[f"{settings}/incoming-calls/hours"] == f"{settings}/incoming-calls"
    assert targets[f"{settings}/invitations"] == f"{settings}/team"
    assert targets[f"{settings}/outcomes"] == f"{settings}/organization"
    assert targets["/account/password"] == "/account"
    assert targets["/logout"] == "/"
    without_ids = {target for form, target in targets.items() if "{" not in form}
    for page in sorted(without_ids - {"/"}):
        assert (await owner.get(page)).status_code in (200, 303), page


async def test_a_url_of_the_api_refuses_other_methods(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await owner.get(f"/api/organizations/{tenant.organization.id}/erasures")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


async def test_a_page_refuses_other_methods(client: httpx.AsyncClient) -> None:
    assert (await client.put("/account/password")).status_code == 405
