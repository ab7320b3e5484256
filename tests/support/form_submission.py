"""Opens a page and submits its form; ``page_session.py`` has the steps."""

import httpx

from support.page_session import post_form


async def submit(client: httpx.AsyncClient, action: str, page: str | None = None, **fields: str) -> httpx.Response:
    """Open ``page``, by default the page at ``action``, and post ``fields`` to ``action`` with its CSRF token."""
    return await post_form(client, page or action, action, fields)
