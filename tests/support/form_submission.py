"""Opens an HTML page and submits its form with the CSRF token, by the steps in ``page_session.py``."""

import httpx

from support.page_session import post_form


async def submit(client: httpx.AsyncClient, action: str, page: str | None = None, **fields: str) -> httpx.Response:
    """Open ``page``, by default the page at ``action``, and post ``fields`` to ``action`` with its CSRF token."""
    return await post_form(client, page or action, action, fields)
