"""Fills the exchange benchmark's database with organizations of the plan Pro, each with a number and ten tokens.

Also writes the list of these tokens that the load generators read.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from uuid_utils.compat import uuid7

from kit import secrets
from widget.models import TOKEN_PREFIX

TOKENS_EACH = 10


@dataclass(frozen=True)
class Visitor:
    """A page with a token in it."""

    token: str
    origin: str
    """Its ``Origin`` header: a subdomain of the domain that the token allows."""


def fill(database_url: str, tokens: int = 10_000) -> list[Visitor]:
    """Fill the migrated, empty database with ``tokens``; return the pages that may exchange their token."""
    return asyncio.run(_fill(database_url, tokens // TOKENS_EACH))


def write_visitors(visitors: list[Visitor], path: Path) -> None:
    """Write one ``token origin`` pair per line, the format of the load generators."""
    path.write_text("".join(f"{visitor.token} {visitor.origin}\n" for visitor in visitors))


async def _fill(database_url: str, organization_count: int) -> list[Visitor]:
    organizations, numbers, tokens, visitors = [], [], [], []
    for index in range(organization_count):
        organization_id = uuid7()
        domain = f"customer-{index}.com"
        organizations.append((organization_id, f"Customer {index} Realty", f"customer-{index}", "pro", "US"))
        numbers.append((uuid7(), organization_id, f"+1{4_150_000_000 + index}"))
        for _ in range(TOKENS_EACH):
            minted = secrets.mint(TOKEN_PREFIX)
            tokens.append((uuid7(), organization_id, minted.digest, minted.hint, [domain]))
            visitors.append(Visitor(minted.raw, f"https://crm.{domain}"))
    rows = (
        ("organization", ("id", "name", "slug", "plan", "country"), organizations),
        ("phone_number", ("id", "organization_id", "e164"), numbers),
        ("embed_token", ("id", "organization_id", "digest", "prefix", "allowed_domains"), tokens),
    )
    connection = await asyncpg.connect(database_url)
    try:
        for table, columns, records in rows:
            await connection.copy_records_to_table(table, columns=columns, records=records)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return visitors
