"""``/schema/ui``: the API's reference, drawn from the document at ``/schema`` with nothing from elsewhere."""

from typing import Any

from litestar import Request, Response, get

from dashboard.pages import render


@get("/schema/ui")
async def api_reference(request: Request[Any, Any, Any]) -> Response[str]:
    return render(request, "reference.html")
