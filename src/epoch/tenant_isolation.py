"""Checks the isolation of organizations: compares row-level security, grants and roles with those of the migrations."""

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from alembic import command

from epoch.migrations import ROLES, alembic_config
from epoch.partitions import is_partition
from kit.db.connector import Connector
from kit.environment import SettingsError
from kit.settings import Settings

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
MAX_SHOWN_GAPS = 3
CONNECT_SECONDS = 10.0
REMEDY = (
    "run `epoch migrate`, which creates the roles, then restore the backup again with its owners, policies and grants"
)
_STATEMENT = re.compile(
    r"""
    ^\s*(?:
      ALTER\ TABLE\ (?P<security_table>\w+)\ (?P<security_change>(?:NO\ )?(?:ENABLE|DISABLE|FORCE))
        \ ROW\ LEVEL\ SECURITY
    | ALTER\ TABLE\ (?P<old_name>\w+)\ RENAME\ TO\ (?P<new_name>\w+)
    | DROP\ TABLE\ (?:IF\ EXISTS\ )?(?P<dropped_table>\w+)
    | CREATE\ POLICY\ (?P<policy>\w+)\ ON\ (?P<policy_table>\w+)\s
        (?:FOR\ (?P<command>\w+)\s)?\s*TO\ (?P<policy_roles>\w+(?:,\s*\w+)*)\s(?P<condition>[^;]*);
    | DROP\ POLICY\ (?:IF\ EXISTS\ )?(?P<dropped_policy>\w+)\ ON\ (?P<dropped_policy_table>\w+)
    | (?P<privilege_change>GRANT|REVOKE)\ (?P<privileges>[\w\s,()]+?)\ +ON\ (?P<tables>\w+(?:,\s*\w+)*)\s
        (?:TO|FROM)\ (?P<grantees>\w+(?:,\s*\w+)*)\s*;
    )
    """,
    re.VERBOSE | re.MULTILINE,
)
_POLICIES = """
SELECT tablename, policyname, cmd, roles::text[],
       coalesce(qual, '') || ' ' || coalesce(with_check, '') AS condition
FROM pg_policies WHERE schemaname = current_schema()
"""
_PRIVILEGES = """
SELECT r.rolname, c.relname, p.privilege, has_table_privilege(r.oid, c.oid, p.privilege) AS is_on_table
FROM pg_roles r, unnest($2::text[]) AS p(privilege), pg_class c
WHERE r.rolname = ANY($1) AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
  AND CASE WHEN p.privilege = 'DELETE' THEN has_table_privilege(r.oid, c.oid, p.privilege)
           ELSE has_any_column_privilege(r.oid, c.oid, p.privilege) END
"""
# Rows of a partition are reached only through its table. The hourly job makes and drops partitions: no migration does.
_PARTITIONS = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_secured,
       EXISTS (SELECT FROM pg_roles r, unnest($2::text[]) AS p(privilege) WHERE r.rolname = ANY($1)
               AND has_table_privilege(r.oid, c.oid, p.privilege)) AS is_open
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
"""
_ROLES = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
       ARRAY(SELECT o.rolname FROM pg_roles o
             WHERE o.oid <> r.oid AND NOT r.rolsuper AND pg_has_role(r.oid, o.oid, 'MEMBER')) AS member_of
FROM pg_roles r WHERE r.rolname = ANY($1)
"""


class TenantIsolation(msgspec.Struct):
    """The row-level security and privileges of a database."""

    secured: set[str]
    """Tables with row-level security that is also forced on their owner."""
    policies: dict[tuple[str, str], tuple[str, str, frozenset[str]]]
    """By table and policy: command, roles, and the settings (``current_setting``) that its condition reads."""
    privileges: dict[tuple[str, str], set[str]]
    """By role and table. A privilege on some columns alone has a star, as ``UPDATE*``."""


def expected_isolation() -> TenantIsolation:
    """Return the row-level security and privileges that the migrations create, read from their SQL."""
    config = alembic_config("")
    config.output_buffer = io.StringIO()
    command.upgrade(config, "head", sql=True)
    return read_isolation(config.output_buffer.getvalue())


def read_isolation(script: str) -> TenantIsolation:
    """The state after all statements of ``script``."""
    flags: dict[str, set[str]] = defaultdict(set)
    isolation = TenantIsolation(secured=set(), policies={}, privileges=defaultdict(set))
    for found in _STATEMENT.finditer(script.replace('"', "")):
        parts: Mapping[str, str] = found.groupdict()
        if parts["security_change"]:
            _change_flag(flags[parts["security_table"]], parts["security_change"])
        elif parts["policy"]:
            isolation.policies[parts["policy_table"], parts["policy"]] = (
                parts["command"] or "ALL",
                ",".join(sorted(_names(parts["policy_roles"]))),
                _settings_in(parts["condition"]),
            )
        elif parts["dropped_policy"]:
            isolation.policies.pop((parts["dropped_policy_table"], parts["dropped_policy"]), None)
        elif parts["old_name"]:
            _rename_table(isolation, flags, parts["old_name"], parts["new_name"])
        elif parts["dropped_table"]:
            _rename_table(isolation, flags, parts["dropped_table"], None)
        else:
            _change_privileges(isolation, parts)
    isolation.secured = {table for table, set_flags in flags.items() if set_flags == {"ENABLE", "FORCE"}}
    isolation.secured = {table for table in isolation.secured if not is_partition(table)}
    isolation.privileges = {key: privileges for key, privileges in isolation.privileges.items() if privileges}
    return isolation


def _change_flag(flags: set[str], change: str) -> None:
    if change in ("ENABLE", "FORCE"):
        flags.add(change)
    else:
        flags.discard("FORCE" if change == "NO FORCE" else "ENABLE")


def _rename_table(isolation: TenantIsolation, flags: dict[str, set[str]], old: str, new: str | None) -> None:
    """Move what belongs to the table ``old`` to the name ``new``; None removes it."""
    if new is not None and old in flags:
        flags[new] = flags[old]
    flags.pop(old, None)
    for table, name in [key for key in isolation.policies if key[0] == old]:
        policy = isolation.policies.pop((table, name))
        if new is not None:
            isolation.policies[new, name] = policy
    for role, table in [key for key in isolation.privileges if key[1] == old]:
        privileges = isolation.privileges.pop((role, table))
        if new is not None:
            isolation.privileges[role, new] = privileges


def _change_privileges(isolation: TenantIsolation, parts: Mapping[str, str]) -> None:
    # In ``SELECT, UPDATE (a, b)`` the second privilege is on some columns alone.
    changed = {
        name.upper() + ("*" if columns else "")
        for name, columns in re.findall(r"(\w+)\s*(\([^)]*\))?", parts["privileges"])
    }
    for table in _names(parts["tables"]):
        for role in _names(parts["grantees"]):
            held = isolation.privileges[role, table]
            if parts["privilege_change"] == "REVOKE":
                held -= set(PRIVILEGES) if changed & {"ALL"} else changed
            else:
                held |= changed


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _settings_in(condition: str) -> frozenset[str]:
    return frozenset(re.findall(r"current_setting\('([\w.]+)'", condition))


async def find_gaps(connection: Any, expected: TenantIsolation) -> list[str]:
    """The differences between the isolation of the connection's database and the expected one, a text for each."""
    gaps = await _role_gaps(connection)
    secured = {
        row["relname"]
        for row in await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relrowsecurity AND relforcerowsecurity"
        )
    }
    gaps += [f"row-level security of {table} is not forced" for table in sorted(expected.secured - secured)]
    policies = {
        (row["tablename"], row["policyname"]): (
            row["cmd"],
            ",".join(sorted(row["roles"])),
            _settings_in(row["condition"]),
        )
        for row in await connection.fetch(_POLICIES)
    }
    gaps += list(_differences("policy", expected.policies, policies))
    actual: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in await connection.fetch(_PRIVILEGES, list(ROLES), list(PRIVILEGES)):
        actual[row["rolname"], row["relname"]].add(row["privilege"] + ("" if row["is_on_table"] else "*"))
    wanted = {key: {name for name in held if name[:-1] not in held} for key, held in expected.privileges.items()}
    gaps += await _partition_gaps(connection)
    tables = {table for _, table in wanted}
    gaps += list(_differences("grant", wanted, {key: held for key, held in actual.items() if key[1] in tables}))
    return gaps


def _differences(kind: str, expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> Iterator[str]:
    for key in sorted(expected.keys() | actual.keys()):
        name = f"{kind} {key[1]} of {key[0]}" if kind == "policy" else f"{kind} on {key[1]} to {key[0]}"
        if key not in actual:
            yield f"{name} is missing"
        elif key not in expected:
            yield f"{name} is not ours"
        elif expected[key] != actual[key]:
            yield f"{name} differs"


async def _partition_gaps(connection: Any) -> list[str]:
    gaps = []
    for row in await connection.fetch(_PARTITIONS, list(ROLES), list(PRIVILEGES)):
        if is_partition(row["relname"]):
            gaps += [] if row["is_secured"] else [f"row-level security of {row['relname']} is not forced"]
            gaps += [f"grant on {row['relname']} is not ours"] if row["is_open"] else []
    return gaps


async def _role_gaps(connection: Any) -> list[str]:
    rows = {row["rolname"]: row for row in await connection.fetch(_ROLES, list(ROLES))}
    gaps = [f"role {role} is missing" for role in ROLES if role not in rows]
    for role, row in rows.items():
        if row["rolsuper"] or row["rolbypassrls"]:
            gaps.append(f"role {role} is not bound by row-level security")
        if row["member_of"]:
            gaps.append(f"role {role} may become {', '.join(row['member_of'])}")
    return gaps


def describe_gaps(gaps: Sequence[str]) -> str:
    """One sentence with the first of ``gaps`` and the remedy."""
    more = f" and {len(gaps) - MAX_SHOWN_GAPS} more" if len(gaps) > MAX_SHOWN_GAPS else ""
    return f"The database does not keep organizations apart ({'; '.join(gaps[:MAX_SHOWN_GAPS])}{more}): {REMEDY}"


async def describe_needless_privileges(connection: Any) -> str:
    """A text about privileges of the connection's user that a tables' owner does not need; empty without any."""
    row = await connection.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if row["rolsuper"]:
        return "its user is a superuser: an ordinary owner is enough"
    return "its user bypasses row-level security: an ordinary owner is enough" if row["rolbypassrls"] else ""


async def ensure_isolation(settings: Settings, expected: TenantIsolation) -> None:
    """Raises: SettingsError, when the database's isolation is not the expected one."""
    if settings.owner_url is None:
        return
    connection = await Connector(settings.owner_url).open(None, seconds=CONNECT_SECONDS)
    try:
        if gaps := await find_gaps(connection, expected):
            raise SettingsError(describe_gaps(gaps))
    finally:
        await connection.close()
