"""Assertions about answers of the JSON API."""

from http.cookies import SimpleCookie

import httpx

from kit.http.csrf import HEADER


async def with_csrf(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give an anonymous ``client`` the CSRF cookie and let it send the header."""
    await client.get("/api/session")
    client.headers[HEADER] = client.cookies["csrftoken"]
    return client


def cookies_set(answer: httpx.Response) -> dict[str, dict[str, str]]:
    """The attributes of each cookie that ``answer`` sets, those that say nothing left out."""
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        jar.load(line)
    return {name: {key: str(value) for key, value in morsel.items() if value} for name, morsel in jar.items()}


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    """A problem of this code, readable by programs and stored by nobody."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert (problem["code"], problem["type"], problem["status"]) == (code, f"/problems/{code}", status)
    assert problem["title"] == problem["detail"] != ""


def fields_refused(answer: httpx.Response) -> list[str]:
    """The fields that a failed validation names."""
    assert_refused(answer, 400, "validation_failed")
    assert all(error["message"] for error in answer.json()["errors"])
    return [error["field"] for error in answer.json()["errors"]]
