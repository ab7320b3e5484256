"""Paging of lists: cursors, page sizes, and whether another page follows."""

import uuid

import pytest

from kit.db.paging import (
    cursor_after,
    read_cursor,
    read_limit,
    split_page,
)
from kit.errors import ValidationFailed
from tenants.models import Organization


@pytest.mark.parametrize("row_id", [uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1), uuid.uuid4()])
def test_a_cursor_leads_back_to_its_row(row_id: uuid.UUID) -> None:
    cursor = cursor_after(row_id)
    assert read_cursor(cursor) == row_id
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "A" * 23, "A" * 1000, "not a cursor", "\0", "====", "AA+A"])
def test_what_is_no_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read_cursor(cursor)
    assert [field for field, _ in refused.value.errors] == ["cursor"]


@pytest.mark.parametrize(("requested", "given"), [(None, 50), (1, 1), (100, 100)])
def test_a_page_has_a_sensible_size(requested: int | None, given: int) -> None:
    assert read_limit(requested) == given


@pytest.mark.parametrize("requested", [0, -1, 101, 1 << 70])
def test_other_sizes_are_refused_by_name(requested: int) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read_limit(requested)
    assert [field for field, _ in refused.value.errors] == ["limit"]


@pytest.mark.parametrize(("rows", "shown", "more"), [(0, 0, False), (2, 2, False), (3, 2, True)])
def test_the_row_too_many_only_tells_that_there_is_another_page(rows: int, shown: int, more: bool) -> None:
    found = [Organization(id=uuid.uuid4()) for _ in range(rows)]
    page, cursor = split_page(found, 2)
    assert page == found[:shown]
    assert (cursor is not None) is more
    if more:
        assert read_cursor(cursor) == page[-1].id
