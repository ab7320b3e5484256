"""The OpenAPI document and its reference page: complete, correct, from the product's own files."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from epoch.models import metadata
from kit.schemas import RequestModel, ResponseModel

pytestmark = pytest.mark.anyio

METHODS = {"get", "post", "put", "patch", "delete"}
PROBLEM = "application/problem+json"


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/schema")
    assert answer.status_code == 200
    assert (await client.get("/schema/openapi.json")).content == answer.content
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method.upper()} {path}", item[method]


def leaves(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in kind.__subclasses__():
        yield child
        yield from leaves(child)


async def test_each_operation_says_what_it_does_and_how_it_refuses(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) > 10
    tags = {tag["name"] for tag in document["tags"]}

    for name, operation in operations(document):
        assert operation["summary"], name
        assert set(operation["tags"]) <= tags, name
        assert any(status.startswith("2") for status in operation["responses"]), name
        refused = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        assert any(status.startswith("4") for status in refused), name
        for status, answer in refused.items():
            content = answer["content"][PROBLEM]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
            for code, example in content["examples"].items():
                problem = example["value"]
                assert (problem["code"], problem["status"]) == (code, int(status)), name
                assert problem["type"] == f"/problems/{code}", name
                assert set(document["components"]["schemas"]["Problem"]["required"]) <= problem.keys(), name


async def test_each_operation_names_its_authentication(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["session"]["name"] == "sid"
    assert schemes["csrf"]["name"] == "x-csrftoken"
    assert schemes["key"]["scheme"] == "bearer"
    by_name = dict(operations(document))
    tokens, keys = "/api/organizations/{organization_id}/embed-tokens", "/api/organizations/{organization_id}/api-keys"

    assert by_name[f"GET {tokens}"]["security"] == [{"session": []}, {"key": []}]
    assert by_name[f"POST {tokens}"]["security"] == [{"session": [], "csrf": []}, {"key": []}]
    assert by_name[f"GET {keys}"]["security"] == [{"session": []}]
    assert by_name["POST /api/session"]["security"] == [{"csrf": []}]
    assert by_name["GET /api/organizations"]["security"] == [{"session": []}, {"key": []}]
    refused = by_name[f"POST {tokens}"]["responses"]
    assert set(refused["403"]["content"][PROBLEM]["examples"]) == {
        "csrf_failed",
        "role_too_low",
        "plan_not_supported",
        "key_read_only",
    }
    assert set(refused["409"]["content"][PROBLEM]["examples"]) == {"no_phone_number", "too_many_tokens"}
    assert set(refused) == {"201", "400", "401", "403", "404", "409", "413", "415", "429", "503"}
    assert "key_not_allowed" in by_name[f"GET {keys}"]["responses"]["403"]["content"][PROBLEM]["examples"]


async def test_each_example_is_valid_for_its_schema(document: dict[str, Any]) -> None:
    types = {kind.__name__: kind for base in (RequestModel, ResponseModel) for kind in leaves(base)}
    checked = set()

    for name, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [
            answer for status, answer in operation["responses"].items() if status[0] == "2" and "content" in answer
        ]
        for body in bodies:
            for media_type, content in (body.get("content") or {}).items():
                if media_type == "application/json":
                    schema, example = content["schema"], content["example"]
                    if schema.get("type") == "array":
                        [example], schema = example, schema["items"]
                    # A body that may be null has its type as one of two.
                    kind = next(part["$ref"] for part in (schema, *schema.get("oneOf", ())) if "$ref" in part)
                    kind = kind.rpartition("/")[2]
                    if kind.startswith("Page_"):
                        assert len(example["items"]) == 1, name
                        kind, example = kind.rstrip("_").rpartition(".")[2], example["items"][0]
                    msgspec.convert(example, types[kind])
                    checked.add(kind)

    assert {"GenerateEmbedToken", "EmbedTokenIssued", "CallInfo", "UsageInfo", "CreateApiKey"} <= checked


async def test_the_document_contains_no_internal_column(document: dict[str, Any]) -> None:
    inside = {"digest", "password_hash", "totp_secret", "carrier_sid"}
    assert inside <= {column.name for table in metadata.tables.values() for column in table.columns}

    shown = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})}

    assert shown.isdisjoint(inside)


async def test_the_reference_loads_only_files_of_the_product(client: httpx.AsyncClient) -> None:
    page = await client.get("/schema/ui")

    assert page.status_code == 200
    assert "://" not in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    addresses = re.findall(r'(?:src|href)="(/widget/[^"]+)"', page.text)
    assert len(addresses) == 3
    for address in addresses:
        assert (await client.get(address)).status_code == 200
