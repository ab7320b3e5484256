"""``/schema/ui``: the API reference, rendered from ``/schema`` without third-party requests."""

from typing import Any

from litestar import Request, Response, get

from dashboard.pages import render


@get("/schema/ui")
async def api_reference(request: Request[Any, Any, Any]) -> Response[str]:
    return render(request, "reference.html")
