"""Opens a page and posts its form."""

import httpx

from support.page_session import post_form


async def submit(client: httpx.AsyncClient, action: str, page: str | None = None, **fields: str) -> httpx.Response:
    """Open ``page``, by default the page at ``action``, and send its form to ``action``."""
    return await post_form(client, page or action, action, fields)
