"""Converts JSON from the database to types; ignores values that only a newer release knows, as during an upgrade."""

from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T")


def read_stored(stored: object, kind: type[T]) -> T:
    """``stored`` as ``kind``. Fields, items of lists and values that ``kind`` does not know are ignored.

    Raises: msgspec.ValidationError, when the rest cannot be converted to ``kind``.
    """
    try:
        return msgspec.convert(stored, kind)
    except msgspec.ValidationError:
        return msgspec.convert(_known_part(stored, kind), kind)


def _known_part(value: Any, kind: Any) -> Any:
    """``value`` without the parts that ``kind`` does not know."""
    if get_origin(kind) is Annotated:
        return _known_part(value, get_args(kind)[0])
    if isinstance(value, list) and get_origin(kind) is list:
        (item_kind,) = get_args(kind)
        return [part for part in (_known_part(item, item_kind) for item in value) if _is_convertible(part, item_kind)]
    if isinstance(value, dict):
        for option in (kind, *get_args(kind)):
            if isinstance(option, type) and issubclass(option, msgspec.Struct):
                return _known_fields(value, option)
    return value


def _known_fields(value: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    known = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in value:
            part = _known_part(value[field.encode_name], field.type)
            if field.required or _is_convertible(part, field.type):
                known[field.encode_name] = part
    return known


def _is_convertible(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
