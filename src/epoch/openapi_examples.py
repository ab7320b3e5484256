"""Example values for the fields of the OpenAPI document. Pure."""

from typing import Any

_ID = "01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"
_MOMENT = "2026-11-22T18:00:00Z"
_TOKEN = "ept_" + "Example0" * 4 + "000000"
_KEY = "epk_" + "Example0" * 4 + "000000"
_BY_FIELD: dict[str, Any] = {
    "action": "embed_token.created",
    "actor_kind": "user",
    "actor_name": "ann@example.com",
    "address": "192.0.2.7",
    "agent": "ann@example.com",
    "source": "member",
    "allowed_domains": ["mysite.com"],
    "at": _MOMENT,
    "blocked_numbers": ["+12125550199"],
    "ceilings": {"minutes_per_day": 600},
    "code": "123456",
    "countries": ["CA", "US"],
    "country": "US",
    "details": {"allowed_domains": ["mysite.com"]},
    "direction": "outbound",
    "duration": 134,
    "email": "ann@example.com",
    "end_reason": None,
    "event": "answered",
    "from": "+14155550100",
    "key": _KEY,
    "label": "Main Website",
    "leg": "called",
    "limits": {"minutes_per_day": 300},
    "live_calls": 2,
    "locality": "San Francisco",
    "metadata": {"contact": "4711"},
    "month": "2026-11",
    "name": "Acme Realty",
    "next_cursor": None,
    "number": "+14155550100",
    "origin": "https://mysite.com",
    "last_origin": "https://mysite.com",
    "password": "correct horse battery",
    "prefix": _TOKEN[:8],
    "region": "CA",
    "seconds": 7134,
    "minutes": 119,
    "calls": 42,
    "answered": 31,
    "slug": "acme",
    "snippet": f'<script src="/widget/phone.js" data-token="{_TOKEN}"></script>',
    "status": "completed",
    "minutes_per_day": 60,
    "new_until": None,
    "subject_name": "Main Website",
    "to": "+12125550101",
    "token": _TOKEN,
    "used": {"minutes_per_day": 42},
}
_BY_TYPE_AND_FIELD: dict[tuple[str, str], Any] = {
    ("ApiKeyInfo", "label"): "CRM sync",
    ("ApiKeyInfo", "prefix"): _KEY[:8],
    ("ApiKeyIssued", "label"): "CRM sync",
    ("ApiKeyIssued", "prefix"): _KEY[:8],
    ("CreateApiKey", "label"): "CRM sync",
    ("MemberInfo", "name"): "Ann Lee",
    ("Person", "name"): "Ann Lee",
    ("PhoneNumberInfo", "status"): "active",
    ("SignIn", "code"): None,
}
_BY_JSON_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "object": {}}


def example_of(schema: dict[str, Any], schemas: dict[str, Any], *, owner: str = "", field: str = "") -> Any:
    """Return an example of ``schema``; ``owner`` and ``field`` name the field, ``schemas`` resolves references."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example_of(schemas[name], schemas, owner=schemas[name].get("title", name), field=field)
    if "properties" in schema:
        fields = schema["properties"].items()
        return {name: _of_field(part, schemas, owner=schema.get("title", owner), field=name) for name, part in fields}
    if "oneOf" in schema:
        part = next(part for part in schema["oneOf"] if part.get("type") != "null")
        return example_of(part, schemas, owner=owner, field=field)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas, owner=owner)]
    return _plain(schema, field)


def _of_field(schema: dict[str, Any], schemas: dict[str, Any], *, owner: str, field: str) -> Any:
    if (owner, field) in _BY_TYPE_AND_FIELD:
        return _BY_TYPE_AND_FIELD[owner, field]
    if field in _BY_FIELD and "$ref" not in schema:
        return _BY_FIELD[field]
    return example_of(schema, schemas, owner=owner, field=field)


def _plain(schema: dict[str, Any], field: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "uuid":
        return _ID
    return _MOMENT if field.endswith("_at") else _BY_JSON_TYPE[schema.get("type", "object")]
