"""docs/scaling.md lists each unique key that spans all organizations in a table that organizations own."""

import re
from pathlib import Path

import sqlalchemy as sa

from epoch.models import metadata

SCALING = Path(__file__).resolve().parents[3] / "docs" / "scaling.md"
ROW = re.compile(r"^\| `(\w+)` \| (`[^|]+`) \|", re.MULTILINE)


def unique_keys(table: sa.Table) -> set[tuple[str, ...]]:
    """The columns of each unique constraint and unique index, without the primary key."""
    constraints = {tuple(item.columns.keys()) for item in table.constraints if isinstance(item, sa.UniqueConstraint)}
    return constraints | {tuple(index.columns.keys()) for index in table.indexes if index.unique}


def test_every_key_over_all_organizations_is_on_the_scaling_page() -> None:
    found = {
        (name, key)
        for name, table in metadata.tables.items()
        if "organization_id" in table.columns
        for key in unique_keys(table)
        if "organization_id" not in key
    }
    page = SCALING.read_text().partition("These keys\nare unique over all organizations:")[2]
    listed = {(table, tuple(re.findall(r"`(\w+)`", columns))) for table, columns in ROW.findall(page)}
    assert ("call", ("carrier_sid",)) in found
    assert found == listed
