"""Partitions ``call`` and ``call_event`` of a filled database by month, with a table of unique keys.

For ``call_partitions.py``, which compares these tables with the product's.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import asyncpg

from kit.db.partitions import MONTHS_AHEAD, PartitionedTable, PartitionGroup, bound_of, month_after, month_of, suffix_of

EVENTS = PartitionedTable(name="call_event", key="call_record_id")
CALLS = PartitionedTable(name="call", key="id")
GROUP = PartitionGroup(tables=(CALLS, EVENTS), retention=dt.timedelta(days=365))
EVENTS_ALONE = PartitionGroup(tables=(EVENTS,), retention=dt.timedelta(days=365))
_OLD = "undivided"
"""The schema in which the tables are kept until their rows are copied."""
_NOT_OVER_ALL = {"pk_call_event", "uq_call_carrier_sid"}
"""Unique indexes that a partitioned table cannot have: they do not contain the partition key."""
_CATALOG = """
SELECT ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
             WHERE indrelid = t.oid AND c.relname <> ALL ($2::text[]) ORDER BY c.relname) AS indexes,
       ARRAY(SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal) AS triggers,
       ARRAY(SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.relname, conname, pg_get_constraintdef(oid))
             FROM pg_constraint WHERE conrelid = t.oid AND contype = 'f' AND confrelid <> 'call'::regclass) AS keys,
       ARRAY(SELECT format('CREATE POLICY %I ON %s FOR %s TO %s USING (%s)%s', policyname, tablename, cmd,
                           array_to_string(roles, ', '), qual, ' WITH CHECK (' || with_check || ')')
             FROM pg_policies WHERE tablename = t.relname) AS policies,
       ARRAY(SELECT format('GRANT %s ON %s TO %s', privilege_type, t.relname, grantee::regrole)
             FROM aclexplode(t.relacl) WHERE grantee <> t.relowner) ||
       ARRAY(SELECT format('GRANT %s (%I) ON %s TO %s', privilege_type, attname, t.relname, grantee::regrole)
             FROM pg_attribute, aclexplode(attacl) WHERE attrelid = t.oid) AS grants
FROM pg_class t WHERE t.oid = $1::text::regclass
"""
_KEYS = """
CREATE TABLE call_key (carrier_sid text PRIMARY KEY, id uuid NOT NULL, organization_id uuid NOT NULL,
                       token_id uuid, call_id uuid);
INSERT INTO call_key SELECT carrier_sid, id, organization_id, token_id, call_id FROM {old}.call ORDER BY id;
CREATE INDEX ix_call_key_token_id_call_id ON call_key (token_id, call_id);
CREATE INDEX ix_call_key_id ON call_key (id);
ALTER TABLE call_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON call_key TO epoch_admin USING (true);
CREATE POLICY lookup ON call_key TO epoch_lookup USING (true);
CREATE POLICY tenant ON call_key TO epoch_app
USING (organization_id = nullif(current_setting('app.organization', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON call_key TO epoch_app, epoch_admin;
GRANT SELECT ON call_key TO epoch_lookup
"""
_RECORDS = "SELECT pg_get_functiondef('record_call_event'::regproc)"
_INSERT = re.compile(
    r"INSERT INTO call \((?P<columns>[^)]*)\)\s+VALUES \((?P<values>[^)]*)\)\s+"
    r"ON CONFLICT \(carrier_sid\) DO NOTHING RETURNING id"
)
_KEYED = """INSERT INTO call_key (carrier_sid, id, organization_id, token_id, call_id)
VALUES ({carrier_sid}, {id}, {organization_id}, {token_id}, {call_id})
ON CONFLICT (carrier_sid) DO NOTHING RETURNING id AS key_id"""
_STORED = "INSERT INTO call ({columns}) SELECT {values} FROM keyed RETURNING id"
_COPY = "INSERT INTO {name} SELECT * FROM {old}.{name} ORDER BY {key}"
_BY_CALL_ID = "WHERE token_id = $1 AND call_id = $2 ORDER BY id LIMIT 1"
_BY_KEY_OF_CALL_ID = """WHERE id = (
    SELECT k.id FROM call_key k WHERE k.token_id = $1 AND k.call_id = $2 ORDER BY k.id LIMIT 1)"""
_BY_SID = "c.organization_id = of_organization AND c.carrier_sid = parent_sid"
_BY_KEY = """c.organization_id = of_organization AND c.id = (
            SELECT k.id FROM call_key k WHERE k.organization_id = of_organization AND k.carrier_sid = parent_sid)"""


async def divide(connection: asyncpg.Connection, group: PartitionGroup, months: Sequence[dt.date]) -> None:
    """Divide the tables of ``group`` by ``months``, each with a default partition; divided calls get their keys."""
    found = {name: await connection.fetchrow(_CATALOG, name, list(_NOT_OVER_ALL)) for name in ("call", "call_event")}
    records: str = await connection.fetchval(_RECORDS)
    await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
    await connection.execute(f"CREATE SCHEMA {_OLD}")
    for table in group.tables:
        await _execute(connection, f"ALTER TABLE {table.name} SET SCHEMA {_OLD}")
        like = f"(LIKE {_OLD}.{table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        await _execute(connection, f"CREATE TABLE {table.name} {like} PARTITION BY RANGE ({table.key})")
        for month in months:
            bounds = f"FROM ('{bound_of(month)}') TO ('{bound_of(month_after(month))}')"
            part = f"{table.name}_{suffix_of(month)}"
            await _execute(connection, f"CREATE TABLE {part} PARTITION OF {table.name} FOR VALUES {bounds}")
        await _execute(connection, f"CREATE TABLE {table.default} PARTITION OF {table.name} DEFAULT")
        await _execute(connection, _COPY.format(name=table.name, old=_OLD, key=table.key))
        await _protect(connection, table.name, found[table.name])
    for suffix in [*map(suffix_of, months), "default"]:
        calls = f"call_{suffix}" if CALLS in group.tables else "call"
        refers = f"FOREIGN KEY (call_record_id) REFERENCES {calls} (id) ON DELETE CASCADE"
        await _execute(connection, f"ALTER TABLE call_event_{suffix} ADD PRIMARY KEY (id), ADD {refers}")
    for table in group.tables:
        await _execute(connection, f"GRANT SELECT ON {table.default} TO epoch_admin")
    if CALLS in group.tables:
        await _execute(connection, _KEYS.format(old=_OLD))
        await _execute(connection, _replaced(records, _BY_SID, _BY_KEY))
    await _execute(connection, f"DROP SCHEMA {_OLD} CASCADE")
    await _execute(connection, "RESET session_replication_role")
    await _execute(connection, "VACUUM ANALYZE")


async def _protect(connection: asyncpg.Connection, name: str, found: Any) -> None:
    """Give a divided table the indexes, foreign keys, triggers, policies and grants of the one before."""
    statements = [*found["indexes"], *found["keys"], *found["triggers"], *found["policies"], *found["grants"]]
    for statement in statements:
        await _execute(connection, statement)
    if name == "call":
        # The foreign keys of partitions need a constraint, not only its index.
        await _execute(connection, "ALTER TABLE call ADD CONSTRAINT pk_call_of_all PRIMARY KEY (id)")
    await _execute(connection, f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def divided_statement(statement: str) -> str:
    """A statement of the product, changed as it would have to be for divided calls; most stay as they are."""
    if (insert := _INSERT.search(statement)) is not None:
        columns = [name.strip() for name in insert["columns"].split(",")]
        values = [value.strip() for value in insert["values"].split(",")]
        keyed = _KEYED.format(**dict(zip(columns, values, strict=True)))
        stored = _STORED.format(columns=insert["columns"], values=insert["values"])
        changed = statement.replace(insert[0], stored)
        return _replaced(changed, "WITH inserted AS (", f"WITH keyed AS ({keyed}), inserted AS (")
    if _BY_CALL_ID in statement:
        return _replaced(statement, _BY_CALL_ID, _BY_KEY_OF_CALL_ID)
    return re.sub(r"FROM call( c)? WHERE (c\.organization_id = \S+ AND )?(c\.)?carrier_sid =", _with_key, statement)


def _with_key(found: re.Match[str]) -> str:
    return found[0].replace("FROM call", "FROM call_key")


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is not once in {text!r}")
    return text.replace(old, new)


async def _execute(connection: asyncpg.Connection, statement: str) -> None:
    await connection.execute(statement, timeout=1800)


def months_of(oldest: dt.datetime, now: dt.datetime) -> Sequence[dt.date]:
    """The months from that of ``oldest`` to those that the product makes ahead when two more have ended."""
    months = [month_of(oldest)]
    # Near the end of a month the oldest call can be in the month after the one a year ago: that is one month more.
    while months[-1] < month_after(month_of(now), MONTHS_AHEAD + 4):
        months.append(month_after(months[-1]))
    return months
