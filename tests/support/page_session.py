"""Opens HTML pages, submits their forms and reads messages and errors, as a browser without JavaScript does."""

import html
import re
from collections.abc import Mapping

import httpx

from kit.http.csrf import HEADER

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_ERROR = re.compile(r'id="([\w-]+)-error">.*?<span>(.*?)</span>', re.DOTALL)


def form_token(page: str) -> str | None:
    """The CSRF token in the page's forms."""
    found = _TOKEN.search(page)
    return None if found is None else found[1]


async def post_form(client: httpx.AsyncClient, page: str, action: str, fields: Mapping[str, str]) -> httpx.Response:
    """Open ``page`` and post ``fields`` to ``action`` with the page's CSRF token; redirects are not followed."""
    client.headers.pop(HEADER, None)  # a form cannot send this header
    token = form_token((await client.get(page)).text)
    assert token is not None, f"{page} has no form"
    return await client.post(action, data={**fields, "csrf_token": token})


async def page_after(client: httpx.AsyncClient, page: str, action: str, fields: Mapping[str, str] | None = None) -> str:
    """Send the form as ``post_form`` does; return the page to which the answer redirects."""
    answer = await post_form(client, page, action, fields or {})
    assert answer.status_code == 303, answer.text
    return (await client.get(answer.headers["location"], follow_redirects=True)).text


async def message_after(
    client: httpx.AsyncClient, page: str, action: str, fields: Mapping[str, str] | None = None
) -> str:
    """Send the form as ``post_form`` does; return the message on the page to which the answer redirects."""
    next_page = await page_after(client, page, action, fields)
    return html.unescape(next_page.partition('<div class="toasts"')[2].partition("</div>")[0])


def errors_of(page: str) -> dict[str, str]:
    """The error messages of a page's form, by field name."""
    names = dict(re.findall(r'<(?:input|textarea|select) id="([\w-]+)" name="([\w-]+)"', page))
    return {names[key]: html.unescape(text) for key, text in _ERROR.findall(page)}
