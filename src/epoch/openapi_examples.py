"""Makes the examples of request and response bodies in the OpenAPI document from the examples of their fields. Pure."""

from typing import Any


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return an example of ``schema``; ``schemas`` resolves references.

    Raises:
        LookupError: a field has no example; its type needs ``msgspec.Meta(examples=[...])``.
    """
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "properties" in schema:
        return {name: example_of(field, schemas) for name, field in schema["properties"].items()}
    if "oneOf" in schema:
        return example_of(next(part for part in schema["oneOf"] if part.get("type") != "null"), schemas)
    if "items" in schema:
        return [example_of(schema["items"], schemas)]
    raise LookupError(f"a field has no example: {schema}")
