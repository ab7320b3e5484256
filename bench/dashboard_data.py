"""Fills the dashboard benchmark's database, and signs in to its big organization.

There are many small organizations, as many as the chosen size says; the big one is the same at every size.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from kit import secrets
from kit.db.paging import cursor_after
from widget.models import TOKEN_PREFIX

ORGANIZATIONS = 100_000
TOKENS_EACH = 10
CALLS_OF_OTHERS = 900_000
BIG_CALLS = 100_000
BIG_AUDIT_EVENTS = 20_000
PAGE = 50
DEEP_PAGE = 1_000
# Ids are UUIDv7 of a given time; organizations, users and tokens are one second apart, long before the first call.
ID_OF = """
CREATE FUNCTION id_of(moment timestamptz, salt text) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
overlay(overlay(overlay(md5(salt) PLACING lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') FROM 1)
PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid;
CREATE FUNCTION id_of(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
id_of(timestamptz '2020-01-01Z' + number * interval '1 second', kind || number);
"""
_PEOPLE = """
INSERT INTO user_account (id, email, password_hash, email_verified_at)
SELECT id_of('user', n), 'owner-' || n || '@customer.test', 'none', now() FROM generate_series(1, {organizations}) n;
INSERT INTO login_session (id, user_id, digest, expires_at)
SELECT id_of('session', n), id_of('user', n), sha256(('session' || n)::bytea), now() + interval '14 days'
FROM generate_series(1, {organizations}) n;
INSERT INTO organization (id, name, slug, plan, country)
SELECT id_of('organization', n), 'Customer ' || n, 'customer-' || n, 'pro', 'US'
FROM generate_series(1, {organizations}) n;
INSERT INTO membership (id, organization_id, user_id, role)
SELECT id_of('membership', n), id_of('organization', n), id_of('user', n), 'owner'
FROM generate_series(1, {organizations}) n
UNION ALL SELECT id_of('colleague', n), id_of('organization', 1), id_of('user', n), 'member'
FROM generate_series(2, 21) n;
INSERT INTO phone_number (id, organization_id, e164)
SELECT id_of('number', n), id_of('organization', n), '+1' || 2010000000 + n FROM generate_series(1, {organizations}) n;
INSERT INTO api_key (id, organization_id, label, scope, digest, prefix)
SELECT id_of('key', n), id_of('organization', n), 'CRM', 'read', sha256(('key' || n)::bytea), 'epk_abcd'
FROM generate_series(1, {organizations}) n;
"""
# The big organization has 50 active tokens, the maximum, and 950 revoked ones.
_TOKENS = """
INSERT INTO embed_token
(id, organization_id, digest, prefix, label, allowed_domains, created_by, last_used_at, revoked_at)
SELECT id_of('token', n), id_of('organization', n % {organizations} + 1), sha256(('token' || n)::bytea), 'ept_abcd',
'Team ' || n, ARRAY['customer.test'], id_of('user', n % {organizations} + 1), now(), NULL
FROM generate_series(1, {tokens}) n
UNION ALL SELECT id_of('token', {tokens} + n), id_of('organization', 1), sha256(('token' || {tokens} + n)::bytea),
'ept_abcd', 'Team ' || n, ARRAY['customer.test'], id_of('user', 1), now(), CASE WHEN n > 40 THEN now() END
FROM generate_series(1, 990) n;
INSERT INTO blocked_origin (id, organization_id, token_id, origin, times)
SELECT id_of('refused', n), id_of('organization', n % {organizations} + 1), id_of('token', n),
'https://elsewhere-' || n || '.test', 3
FROM generate_series(1, {organizations}) n;
"""
# A year of calls in order of time; those of the big organization are spread evenly among the others.
_CALLS = """
INSERT INTO call (id, organization_id, carrier_sid, token_id, call_id, identity, from_number, to_number, status,
duration, started_at, answered_at, ended_at, agent, origin, created_at)
SELECT id_of(began, 'call' || n), id_of('organization', owner), 'CA' || md5('call' || n),
id_of('token', owner - 1 + {organizations} * (1 + n / 11 % ({tokens_each} - 1))), id_of(began, 'made' || n),
'w_' || md5('w' || n), '+1' || 2010000000 + owner, '+1' || 2120000000 + n, outcome,
CASE outcome WHEN 'completed' THEN n / 7 % 600 ELSE 0 END, began,
CASE outcome WHEN 'completed' THEN began + interval '9 s' END,
CASE WHEN outcome <> 'in-progress' THEN began + interval '40 s' END,
'agent-' || n / 3 % 20, 'https://crm.customer.test', began
FROM (
    SELECT n, now() - interval '365 days' * (1 - n::float8 / {calls}) AS began,
    CASE WHEN n * {big_calls} / {calls} > (n - 1) * {big_calls} / {calls} THEN 1
         ELSE 2 + n * 7919 % ({organizations} - 1) END AS owner,
    CASE WHEN n > {calls} - 50 THEN 'in-progress'
         ELSE (ARRAY['completed', 'no-answer', 'busy', 'refused', 'failed', 'canceled'])
              [greatest(1, n / 7 % 20 - 13)] END AS outcome
    FROM generate_series(1::bigint, {calls}) n
) made;
INSERT INTO call_event (id, organization_id, call_record_id, leg_sid, is_child, kind, sequence, occurred_at)
SELECT id_of(started_at, carrier_sid || kind), organization_id, id, carrier_sid, false, kind, sequence, started_at
FROM call, (VALUES ('ringing', 1), ('in-progress', 2), ('completed', 3)) report (kind, sequence)
WHERE started_at > now() - interval '14 days';
INSERT INTO audit_event (id, organization_id, actor_kind, actor_id, actor_name, action, subject_name)
SELECT id_of(now() - interval '1 second' * ({audit_events} - n), 'audit' || n), id_of('organization', owner), 'user',
id_of('user', owner), 'owner-' || owner || '@customer.test', 'embed_token.changed', 'Team ' || n
FROM (
    SELECT n, CASE WHEN n * {big_audit} / {audit_events} > (n - 1) * {big_audit} / {audit_events} THEN 1
                   ELSE 2 + n * 7919 % ({organizations} - 1) END AS owner
    FROM generate_series(1::bigint, {audit_events}) n
) made;
"""
# A message of each call of the big organization, none of them heard, and of a tenth of all others.
_VOICEMAILS = """
INSERT INTO voicemail (id, organization_id, call_record_id, recording_sid, seconds, created_at)
SELECT id_of(started_at, 'message' || carrier_sid), organization_id, id, 'RE' || md5(carrier_sid), 20, started_at
FROM call WHERE organization_id = id_of('organization', 1) OR carrier_sid LIKE 'CA0%' OR carrier_sid LIKE 'CA1%';
"""
# Inserts skip indexes that are not ready; REINDEX then builds each in one pass and marks it ready.
_FILLED = (
    "user_account", "login_session", "organization", "membership", "phone_number", "api_key", "embed_token",
    "blocked_origin", "call", "call_event", "audit_event", "voicemail",
)  # fmt: skip
_WITHOUT_INDEXES = "UPDATE pg_index SET indisready = false WHERE indrelid = ANY ($1::text[]::regclass[])"
_BIG = "SELECT id_of('organization', 1)"
_NTH = "SELECT {columns} FROM {table} WHERE organization_id = ({big}) ORDER BY id {order} OFFSET {offset} LIMIT 1"


@dataclass(frozen=True)
class BigOrganization:
    """The big organization and the values that requests need."""

    slug: str
    organization_id: UUID
    owner_id: UUID
    session: str
    """The raw session id of its owner."""
    token_id: UUID
    raw_token: str
    latest_call: UUID
    deep_cursor: str
    """Cursor of page 1,000 of its calls."""
    deep_message: str
    """The same of its voicemails."""
    oldest_number: str
    """Digits of the number of its oldest call only: a search for them reads all of its calls."""


def fill(database_url: str, size: float) -> None:
    """Fill the migrated, empty database; ``size`` 1 makes 100,000 organizations, and 1,000,000 tokens and calls."""
    asyncio.run(_fill(database_url, size))


def sign_in(database_url: str) -> BigOrganization:
    """Sign in to the big organization of a filled database."""
    return asyncio.run(_sign_in(database_url))


async def _fill(database_url: str, size: float) -> None:
    organizations = int(ORGANIZATIONS * size)
    numbers = {
        "organizations": organizations,
        "tokens": organizations * TOKENS_EACH,
        "tokens_each": TOKENS_EACH,
        "calls": int(CALLS_OF_OTHERS * size) + BIG_CALLS,
        "big_calls": BIG_CALLS,
        "audit_events": organizations * 3 + BIG_AUDIT_EVENTS,
        "big_audit": BIG_AUDIT_EVENTS,
    }
    connection = await asyncpg.connect(database_url)
    try:
        # The rows are made with valid references; checking each foreign key would take minutes.
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
        await connection.execute(ID_OF)
        await connection.execute(_WITHOUT_INDEXES, list(_FILLED))
        for step in (_PEOPLE, _TOKENS, _CALLS):
            await connection.execute(step.format(**numbers))
        await connection.execute(_VOICEMAILS)
        for table in _FILLED:
            await connection.execute(f"REINDEX TABLE {table}")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _sign_in(database_url: str) -> BigOrganization:
    connection = await asyncpg.connect(database_url)
    try:
        return await _prepare(connection)
    finally:
        await connection.close()


async def _prepare(connection: asyncpg.Connection) -> BigOrganization:
    """Give the big organization's owner a session, and one of its tokens a known raw value."""
    session, minted = "session-of-the-benchmark", secrets.mint(TOKEN_PREFIX)
    owner_id: UUID = await connection.fetchval("SELECT id_of('user', 1)")
    await connection.execute(
        "UPDATE login_session SET digest = $1, last_seen_at = now() WHERE user_id = $2",
        secrets.digest(session),
        owner_id,
    )
    token_id: UUID = await connection.fetchval(
        f"UPDATE embed_token SET digest = $1 WHERE id = (SELECT id FROM embed_token WHERE organization_id = ({_BIG}) "  # noqa: S608 - constants
        "AND revoked_at IS NULL ORDER BY id DESC LIMIT 1) RETURNING id",
        minted.digest,
    )

    async def nth(table: str, columns: str, order: str, offset: int) -> object:
        query = _NTH.format(columns=columns, table=table, big=_BIG, order=order, offset=offset)
        return await connection.fetchval(query)

    async def nth_call(columns: str, order: str, offset: int) -> object:
        return await nth("call", columns, order, offset)

    last_before = await nth_call("id", "DESC", PAGE * (DEEP_PAGE - 1) - 1)
    last_message_before = await nth("voicemail", "id", "DESC", PAGE * (DEEP_PAGE - 1) - 1)
    latest = await nth_call("id", "DESC", 0)
    assert isinstance(last_before, UUID)
    assert isinstance(last_message_before, UUID)
    assert isinstance(latest, UUID)
    return BigOrganization(
        slug="customer-1",
        organization_id=await connection.fetchval(_BIG),
        owner_id=owner_id,
        session=session,
        token_id=token_id,
        raw_token=minted.raw,
        latest_call=latest,
        deep_cursor=cursor_after(last_before),
        deep_message=cursor_after(last_message_before),
        oldest_number=str(await nth_call("to_number", "ASC", 0)).removeprefix("+"),
    )
