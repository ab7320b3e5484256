"""Helpers for tests of the JSON API: CSRF set-up, cookies set by a response, assertions on problem responses."""

from http.cookies import SimpleCookie

import httpx

from kit.http.csrf import HEADER


async def with_csrf(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give an anonymous ``client`` the CSRF cookie and let it send the header."""
    await client.get("/api/session")
    client.headers[HEADER] = client.cookies["csrftoken"]
    return client


def cookies_set(response: httpx.Response) -> dict[str, dict[str, str]]:
    """The attributes of each cookie that ``response`` sets, without empty ones."""
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        jar.load(line)
    return {name: {key: str(value) for key, value in morsel.items() if value} for name, morsel in jar.items()}


def assert_refused(response: httpx.Response, status: int, code: str) -> None:
    """Assert that the response is a problem with this status and code, and may not be cached."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    problem = response.json()
    assert (problem["code"], problem["type"], problem["status"]) == (code, f"/problems/{code}", status)
    assert problem["title"] == problem["detail"] != ""


def fields_refused(response: httpx.Response) -> list[str]:
    """Assert that the response is a failed validation; return the names of the wrong fields."""
    assert_refused(response, 400, "validation_failed")
    assert all(error["message"] for error in response.json()["errors"])
    return [error["field"] for error in response.json()["errors"]]
