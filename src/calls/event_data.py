"""Builds the API's ``CallInfo`` from a ``call`` row in PostgreSQL's JSON form, for the events that a trigger emits."""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from calls.models import Call
from calls.schemas import CallInfo


def call_info_of_row(row: Mapping[str, Any]) -> CallInfo:
    """The ``CallInfo`` of ``row``, whose keys are names of columns."""
    values = {}
    for attribute in sa.inspect(Call).column_attrs:
        column = attribute.columns[0]
        value = row.get(column.name)
        values[attribute.key] = None if value is None else msgspec.convert(value, column.type.python_type)
    return CallInfo.of(Call(**values))
