"""SQL statements compiled once (CompiledStatement): values are passed in the order of the parameters' positions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from accounts.models import LoginSession
from kit.db.raw import CompiledStatement

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_values_follow_the_places_of_their_names() -> None:
    person = UUID(int=7)
    prepared = CompiledStatement(
        sa.select(LoginSession.id)
        .where(LoginSession.user_id == sa.bindparam("user_id"), LoginSession.address != "here")
        .where(LoginSession.expires_at > sa.bindparam("now", type_=LoginSession.expires_at.type) - timedelta(hours=1))
        .limit(3)
    )
    values = prepared.arguments({"now": NOW, "user_id": person})
    assert values == [person, "here", NOW, timedelta(hours=1), 3]
    for number in range(1, len(values) + 1):
        assert f"${number}::" in prepared.sql


def test_a_name_that_is_used_twice_is_sent_once() -> None:
    name = sa.bindparam("name", type_=sa.Text())
    prepared = CompiledStatement(
        sa.select(LoginSession.id).where(LoginSession.address == name, LoginSession.user_agent == name)
    )
    assert prepared.arguments({"name": "x"}) == ["x"]
    assert prepared.sql.count("$1::") == 2
