"""The last uses of many embed tokens are written in chunks; a locked row delays only its own chunk."""

import pytest
import sqlalchemy as sa

from kit.clock import utc_now
from kit.db.database import Database
from kit.db.last_used import CHUNK_ROWS
from kit.settings import Settings
from support.factories import Factory
from widget.last_used import EmbedTokenUseWriter
from widget.models import EmbedToken

pytestmark = pytest.mark.anyio
TOKENS = 3 * CHUNK_ROWS
INSERT = """
INSERT INTO embed_token (id, organization_id, digest, prefix, label)
SELECT gen_random_uuid(), :organization, sha256((:organization || '-' || n)::bytea), 'ept_many', 'Many ' || n
FROM generate_series(1, :tokens) n RETURNING id
"""


async def test_a_row_that_cannot_be_written_delays_its_chunk_alone(
    make: Factory, settings: Settings, database: Database
) -> None:
    organization_id = (await make.tenant()).organization.id
    async with database.sessions() as session, session.begin():
        inserted = sa.text(INSERT).bindparams(
            sa.bindparam("organization", organization_id, type_=sa.Uuid()), sa.bindparam("tokens", TOKENS)
        )
        ids = list(await session.scalars(inserted))
    used = sa.select(sa.func.count()).where(EmbedToken.owned_by(organization_id), EmbedToken.last_used_at.is_not(None))
    assert settings.database_url is not None
    own = Database(settings.database_url)
    uses, now = EmbedTokenUseWriter(own), utc_now()
    try:
        for token_id in ids:
            uses.record_use(token_id, None, now, "https://crm.customer.test")
        async with database.sessions() as other, other.begin():
            await other.execute(sa.select(EmbedToken.id).where(EmbedToken.id == ids[-1]).with_for_update())
            await uses.flush()
            assert await other.scalar(used) == TOKENS - CHUNK_ROWS
        await uses.flush()
        async with database.sessions() as session:
            assert await session.scalar(used) == TOKENS
    finally:
        await own.stop()
