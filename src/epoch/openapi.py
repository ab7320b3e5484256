"""Completes the OpenAPI document of the framework with authentication, error responses and examples, and serves it.

Error responses follow from the guards of a route and from ``refusals=`` of its handler. Their texts are those of the
exception classes, so the document cannot differ from the API.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Tag
from litestar.routes import HTTPRoute

from accounts.auth import cookie_name, requires_user
from accounts.errors import NotSignedIn
from calls.greetings.audio_decoder import FILE_FIELD
from epoch.openapi_examples import example_of
from kit import errors
from kit.errors import DomainError, ValidationFailed
from kit.http.csrf import HEADER, SAFE_METHODS, CsrfRefused
from kit.http.json_body import WRITE_METHODS
from kit.http.problems import MEDIA_TYPE, problem_body
from kit.http.tenant_concurrency import OPTION, OrganizationBusy, Work
from kit.version import VERSION
from tenants import guards
from tenants.api_keys.errors import InvalidApiKey, KeyReadOnly
from tenants.errors import NoPhoneNumber, PlanTooLow, RoleTooLow, UserRequired

_DESCRIPTION = """\
Everything the dashboard does, for programs. Use an organization's API key (`Authorization: Bearer epk_…`, from
Settings → API keys), or a browser's session: then send the `csrftoken` cookie's value as `x-csrftoken` with each
request that changes something. Times are RFC 3339 in UTC, durations whole seconds, numbers E.164. Lists come newest
first as `{items, next_cursor}`: give `next_cursor` back as `cursor`. Lists of calls, usage and the audit log are up to
date; with `Cache-Control: max-age=60` they may be a minute old, which spares the service, and then tell their time in
the header `Epoch-As-Of`. Every error is problem details (RFC 9457); its
`code` is stable, its `detail` is for people."""
_TAGS = {
    "Session": "Sign in and out with a browser's session.",
    "Organizations": "The organizations of the person or API key.",
    "Team": "Members and invitations; not open to API keys.",
    "Phone numbers": "Search, get and release the numbers that calls show and that people call back.",
    "Embed tokens": "The tokens with which the script tag puts a phone on a page.",
    "Calls": "Every call, with its timeline, outcome and note.",
    "Outcomes": "The organization's list of results; members choose one for a call.",
    "Events": "Changes in the organization, in their order. Fetch them here, or receive them by webhook.",
    "Webhooks": "The URLs to which events are sent, signed, and the log of deliveries.",
    "HubSpot": "The connected HubSpot account, and calls that could not be written there.",
    "Calling rules": "Countries and numbers that may be called, the limits, and how much of them is used.",
    "Incoming calls": "Opening hours, greetings, forwarding and voicemail for calls to the organization's numbers.",
    "Usage": "Calls and minutes by month, token and member.",
    "API keys": "Keys for programs; not open to API keys themselves.",
    "Audit": "Who changed what, when and from where.",
}
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "/problems/ and the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "For programs; stable."},
        "errors": {
            "type": "array",
            "description": "With validation_failed: each wrong field.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string", "description": "The field's top-level name."},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
_FILE = {"type": "string", "format": "binary"}
_UPLOADED_AUDIO = {
    "required": True,
    "description": "A WAV or MP3 file, as the body itself or as the file of a form.",
    "content": {
        "audio/wav": {"schema": _FILE},
        "audio/mpeg": {"schema": _FILE},
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}},
        },
    },
}
_SUCCESSES = {
    "200": "Done",
    "201": "Created",
    "202": "Queued; it is done in a moment",
    "204": "Done; the response has no body",
}
_ERRORS_BY_GUARD: dict[str, tuple[type[DomainError], ...]] = {
    requires_user.__qualname__: (NotSignedIn,),
    guards.requires_user_or_key.__qualname__: (NotSignedIn, InvalidApiKey),
    guards.requires_member.__qualname__: (NotSignedIn, InvalidApiKey, errors.NotFound, OrganizationBusy),
    guards.requires_role.__qualname__: (RoleTooLow,),
    guards.rejects_api_keys.__qualname__: (UserRequired,),
    guards.requires_widget_plan.__qualname__: (PlanTooLow,),
    guards.requires_phone_number.__qualname__: (NoPhoneNumber,),
}
_GUARDS_THAT_ACCEPT_KEYS = {guards.requires_user_or_key.__qualname__, guards.requires_member.__qualname__}


def openapi_config(public_url: str) -> OpenAPIConfig:
    """Return the configuration of ``/schema``, without the framework's own pages, which load third-party scripts."""
    return OpenAPIConfig(
        title="Epoch Voice",
        version=VERSION,
        description=_DESCRIPTION,
        tags=[Tag(name=name, description=text) for name, text in _TAGS.items()],
        path="/schema",
        render_plugins=[DocumentPlugin(public_url)],
    )


class DocumentPlugin(JsonRenderPlugin):
    """Serves the completed document at ``/schema`` and ``/schema/openapi.json``."""

    def __init__(self, public_url: str) -> None:
        super().__init__(path=["/", "/openapi.json"])
        self._public_url = public_url
        self._rendered = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if not self._rendered:
            complete_document(openapi_schema, request.app, cookie=cookie_name(self._public_url))
            self._rendered = self.render_json(request, openapi_schema)
        return self._rendered


def complete_document(document: dict[str, Any], app: Litestar, *, cookie: str) -> None:
    """Add security schemes, refusals and examples to ``document``, which describes the routes of ``app``.

    ``cookie`` is the name of the session cookie.
    """
    components = document["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "Set by signing in."},
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": "With a session: the value of the csrftoken cookie, which any GET under /api sets.",
        },
        "key": {"type": "http", "scheme": "bearer", "bearerFormat": "epk_…", "description": "An API key."},
    }
    for path, method, handler in _operations(app):
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            _complete_operation(operation, method, handler, components["schemas"])


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, _ in route.route_handler_map.values():
                for method in handler.http_methods:
                    yield route.path_format, str(method), handler


def _complete_operation(
    operation: dict[str, Any], method: str, handler: HTTPRouteHandler, schemas: dict[str, Any]
) -> None:
    guard_names = [
        guard.__qualname__.partition(".")[0] for layer in handler.ownership_layers for guard in layer.guards or ()
    ]
    if handler.opt.get(OPTION) is Work.UPLOAD:
        operation["requestBody"] = _UPLOADED_AUDIO
    is_safe, has_body = method in SAFE_METHODS, "requestBody" in operation
    accepts_keys = not _GUARDS_THAT_ACCEPT_KEYS.isdisjoint(guard_names)
    accepts_keys = accepts_keys and guards.rejects_api_keys.__qualname__ not in guard_names
    session: dict[str, list[str]] = {"session": []} if guard_names else {}
    if not is_safe:
        session["csrf"] = []
    operation["security"] = [session, *([{"key": []}] if accepts_keys else [])]
    raised = [*handler.opt.get("refusals", ()), *(error for name in guard_names for error in _ERRORS_BY_GUARD[name])]
    if not is_safe:
        raised += [CsrfRefused, *([KeyReadOnly] if accepts_keys else [])]
    if has_body or method in WRITE_METHODS:
        raised += [errors.MalformedRequest, errors.BodyTooLarge, errors.UnsupportedMediaType]
    raised.append(errors.Unavailable)
    refusals: list[DomainError] = [error() for error in dict.fromkeys(raised)]
    if (field := _find_example_field(operation, schemas)) is not None:
        refusals.append(ValidationFailed([(field, "A sentence about the error in this field")]))
    for status, response in operation["responses"].items():
        if status in _SUCCESSES:
            response["description"] = _SUCCESSES[status]
            if status == "204":
                response.pop("content", None)
            _add_examples(response.get("content") or {}, schemas)
    _add_examples(operation.get("requestBody", {}).get("content", {}), schemas)
    operation["responses"] = {
        **{status: response for status, response in operation["responses"].items() if status in _SUCCESSES},
        **_error_responses(refusals),
    }


def _error_responses(refusals: Iterable[DomainError]) -> dict[str, Any]:
    """The error responses of an operation by their status, each with an example for each code."""
    responses: dict[str, Any] = {}
    for body in sorted(map(problem_body, refusals), key=lambda body: int(body["status"])):
        status = HTTPStatus(body["status"])
        response = responses.setdefault(
            str(int(status)),
            {
                "description": status.phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        examples = response["content"][MEDIA_TYPE]["examples"]
        examples[body["code"]] = {"summary": body["detail"], "value": body}
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            response["headers"] = {"Retry-After": seconds}
    return responses


def _add_examples(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    for media_type, body in content.items():
        if media_type == "text/csv":
            body["schema"] = {"type": "string", "description": "A line of column names, then one line for each row."}
        elif media_type.startswith("audio/"):
            body["schema"] = _FILE
        elif media_type != "multipart/form-data":
            body["example"] = example_of(body["schema"], schemas)


def _find_example_field(operation: dict[str, Any], schemas: dict[str, Any]) -> str | None:
    """Return a field name for the example of a validation error: from the body, else from the query.

    Path parameters are left out, because a wrong path is a 404.
    """
    if "requestBody" in operation:
        if operation["requestBody"] is _UPLOADED_AUDIO:
            return FILE_FIELD
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        # A list has the schema of its items; a body that may be null has ``oneOf`` with the schema and null.
        schema = schema.get("items", schema)
        reference = next(part["$ref"] for part in (schema, *schema.get("oneOf", ())) if "$ref" in part)
        return str(next(iter(schemas[reference.rpartition("/")[2]]["properties"])))
    parameter_names = [parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    return parameter_names[-1] if parameter_names else None
