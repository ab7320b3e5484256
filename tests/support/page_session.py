"""Reads and posts HTML pages as a browser without scripts does."""

import html
import re
from collections.abc import Mapping

import httpx

from kit.http.csrf import HEADER

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_ERROR = re.compile(r'id="([\w-]+)-error">.*?<span>(.*?)</span>', re.DOTALL)


def form_token(page: str) -> str | None:
    """The hidden token of the page's forms."""
    found = _TOKEN.search(page)
    return None if found is None else found[1]


async def post_form(client: httpx.AsyncClient, page: str, action: str, fields: Mapping[str, str]) -> httpx.Response:
    """Open ``page`` and send ``fields`` to ``action`` with the page's hidden token; redirects are not followed."""
    client.headers.pop(HEADER, None)  # a form has no headers of its own
    token = form_token((await client.get(page)).text)
    assert token is not None, f"{page} has no form"
    return await client.post(action, data={**fields, "csrf_token": token})


def errors_of(page: str) -> dict[str, str]:
    """The sentences beside the fields, by the fields' names."""
    names = dict(re.findall(r'<(?:input|textarea|select) id="([\w-]+)" name="(\w+)"', page))
    return {names[key]: html.unescape(text) for key, text in _ERROR.findall(page)}
