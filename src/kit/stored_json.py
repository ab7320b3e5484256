"""Reads JSON of the database that a newer release may have written, as during an upgrade of several machines."""

from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T")


def read_stored(stored: object, kind: type[T]) -> T:
    """``stored`` as ``kind``. What ``kind`` does not know counts as left out: fields, items of lists, values.

    Raises: msgspec.ValidationError, when what is left is not ``kind``.
    """
    try:
        return msgspec.convert(stored, kind)
    except msgspec.ValidationError:
        return msgspec.convert(_known(stored, kind), kind)


def _known(value: Any, kind: Any) -> Any:
    """``value`` without what ``kind`` does not know."""
    if get_origin(kind) is Annotated:
        return _known(value, get_args(kind)[0])
    if isinstance(value, list) and get_origin(kind) is list:
        (item,) = get_args(kind)
        return [known for known in (_known(one, item) for one in value) if _is(known, item)]
    if isinstance(value, dict):
        for option in (kind, *get_args(kind)):
            if isinstance(option, type) and issubclass(option, msgspec.Struct):
                return _known_fields(value, option)
    return value


def _known_fields(value: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    known = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in value:
            one = _known(value[field.encode_name], field.type)
            if field.required or _is(one, field.type):
                known[field.encode_name] = one
    return known


def _is(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
