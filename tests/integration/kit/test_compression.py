"""Responses are compressed only where nobody can learn a secret from their length."""

import httpx
import pytest

from conftest import NewClient
from kit.http.compression import MINIMUM_BYTES
from support.factories import Factory, sign_in

pytestmark = pytest.mark.anyio

LANDING, GUIDE, GUIDE_MARKDOWN, SCHEMA = "/", "/docs/widget-integration", "/docs/widget-integration/llm.md", "/schema"
FROM_OWN_PAGE = {"sec-fetch-site": "same-origin"}


def encoding_of(response: httpx.Response) -> str | None:
    encoding: str | None = response.headers.get("content-encoding")
    return encoding


@pytest.mark.parametrize("path", [LANDING, GUIDE, GUIDE_MARKDOWN, SCHEMA])
@pytest.mark.parametrize(("accepted", "used"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None)])
async def test_a_visitor_gets_what_the_browser_can_read(
    client: httpx.AsyncClient, path: str, accepted: str, used: str | None
) -> None:
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    client.cookies.clear()
    response = await client.get(path, headers={"accept-encoding": accepted})
    assert response.status_code == 200
    assert len(response.content) > MINIMUM_BYTES
    assert encoding_of(response) == used
    assert used is None or int(response.headers["content-length"]) < len(plain.content) / 2
    assert used is None or "accept-encoding" in response.headers["vary"].lower()


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_a_signed_in_persons_own_pages_are_compressed(
    make: Factory, client: httpx.AsyncClient, site: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    for path in (f"/dashboard/{tenant.organization.slug}", "/account", "/admin/login"):
        response = await client.get(path, headers={"accept-encoding": "br", "sec-fetch-site": site})
        assert response.status_code == 200
        assert encoding_of(response) == "br"


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
async def test_a_request_that_another_site_may_have_caused_is_not_compressed(
    make: Factory, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    for path in (f"/dashboard/{tenant.organization.slug}/calls?number=415", "/api/organizations", GUIDE):
        response = await client.get(path, headers={"accept-encoding": "gzip, br", **headers})
        assert response.status_code == 200
        assert encoding_of(response) is None


async def test_short_and_unfit_responses_stay_as_they_are(make: Factory, new_client: NewClient) -> None:
    tenant = await make.tenant()
    client = await sign_in(new_client(), tenant.owner)
    api = f"/api/organizations/{tenant.organization.id}"
    for path in (api, f"{api}/calls/export.csv", "/health/live"):
        response = await client.get(path, headers={"accept-encoding": "br", **FROM_OWN_PAGE})
        assert response.status_code == 200
        assert encoding_of(response) is None


async def test_files_are_not_compressed_twice(client: httpx.AsyncClient) -> None:
    response = await client.get("/widget/phone.js", headers={"accept-encoding": "br"})
    assert response.headers.get_list("content-encoding") == ["br"]
    assert "EpochPhone" in response.text
