"""Conditions that several lists share."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from admin.base_view import uuid_of

_NUMBER = re.compile(r"\+?[0-9 ().\-/]{4,24}")
LATEST = 5
"""Rows of another kind beside the one that is looked at."""


def numbers_like(typed: str) -> Sequence[str]:
    """What a number that was typed may begin with, as it is stored; empty when it is none."""
    if not _NUMBER.fullmatch(typed):
        return ()
    digits = re.sub(r"[^0-9]", "", typed)
    return (f"+{digits}",) if typed.startswith("+") else (f"+{digits}", f"+1{digits}")


def of_organization(model: Any) -> Callable[[str], sa.ColumnElement[bool]]:
    """The rows of the organization whose id was given."""
    return lambda typed: model.organization_id == uuid_of(typed)


def is_one(column: Any, typed: str) -> sa.ColumnElement[bool]:
    """``column`` has the value ``typed``, if it is one that it can have."""
    known = typed in column.type.enums
    return sa.type_coerce(column == typed, sa.Boolean) if known else sa.false()


def latest(query: Any, model: Any) -> Any:
    """The newest few of ``query``."""
    return query.order_by(model.id.desc()).limit(LATEST)
