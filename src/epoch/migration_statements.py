"""Finds the locks that a migration's statements take, and their impact on workers that serve meanwhile.

They are found in the SQL text, because a plan must not run it. A statement that no rule describes counts as unsafe.
"""

import enum
import re
from collections.abc import Iterator

import msgspec

_SQL_PART = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|;|[^;'$-]+|[-$]", re.DOTALL)
_NAME = r"(?P<table>\w+)"
_ALTER = rf"ALTER TABLE (?:ONLY )?(?:IF EXISTS )?{_NAME} "
_COLUMN = rf"{_ALTER}ALTER (?:COLUMN )?\w+ "
_INDEX = rf"(?:IF NOT EXISTS )?\w+ ON (?:ONLY )?{_NAME}"
_EVERY_ROW = (
    r".*(?:\b(?:CHECK|REFERENCES|UNIQUE|PRIMARY KEY|GENERATED|SERIAL)\b"
    r"|DEFAULT .*\b(?:random|gen_random_uuid|uuidv7|clock_timestamp|nextval)\()"
)
_CHECKS_ROWS = r"(?!.*(?:\bNOT VALID$|\bUSING INDEX\b))"


class WorkerImpact(enum.IntEnum):
    """The impact of a statement on workers that serve, the worst last."""

    UNNOTICED = enum.auto()
    BRIEF = enum.auto()
    """Workers wait for a moment."""
    WAITING = enum.auto()
    """Workers wait as long as the statement takes, which depends on the number of rows."""
    BREAKING = enum.auto()
    """Statements of workers of the older version may fail, or behave differently."""


class Effect(msgspec.Struct, frozen=True):
    """One statement's lock on a table that existed before."""

    table: str
    lock: str
    """PostgreSQL's name of the lock; empty if the statement takes none that matters."""
    description: str
    impact: WorkerImpact


ACCESS_EXCLUSIVE, SHARE_ROW_EXCLUSIVE, SHARE, SHARE_UPDATE_EXCLUSIVE, ROW_EXCLUSIVE = (
    "ACCESS EXCLUSIVE",
    "SHARE ROW EXCLUSIVE",
    "SHARE",
    "SHARE UPDATE EXCLUSIVE",
    "ROW EXCLUSIVE",
)
REFERRED_BY_PARTITIONS = "is referred to by a table that is partitioned"
BLOCKING_LOCKS = (ACCESS_EXCLUSIVE, SHARE_ROW_EXCLUSIVE, SHARE)
"""Locks that reads or writes of workers wait for."""


_Group = tuple[str, WorkerImpact, tuple[tuple[str, str], ...]]
# The first pattern that matches counts: those of special cases stand before the general ones.
_GROUPS: tuple[_Group, ...] = (
    (
        SHARE_UPDATE_EXCLUSIVE,
        WorkerImpact.UNNOTICED,
        (
            (rf"CREATE (?:UNIQUE )?INDEX CONCURRENTLY {_INDEX}", "builds an index beside reads and writes"),
            (rf"DROP INDEX CONCURRENTLY (?:IF EXISTS )?{_NAME}", "drops an index"),
            (rf"ALTER INDEX {_NAME} RENAME TO", "renames an index"),
            (rf"{_ALTER}VALIDATE CONSTRAINT", "checks a constraint beside reads and writes"),
            (rf"{_ALTER}SET \(", "changes a storage setting"),
        ),
    ),
    (
        ACCESS_EXCLUSIVE,
        WorkerImpact.BRIEF,
        ((rf"{_ALTER}RENAME TO (?=(?P=table)_before_\d{{4}}_\d{{2}}$)", "becomes the first partition"),),
    ),
    (
        ACCESS_EXCLUSIVE,
        WorkerImpact.BREAKING,
        (
            (r"DROP INDEX (?:IF EXISTS )?(?P<table>uq_\w+)", "drops a unique index, which statements may need"),
            (rf"{_ALTER}DROP CONSTRAINT (?:IF EXISTS )?uq_", "drops a unique constraint, which statements may need"),
            (rf"{_ALTER}RENAME TO", "renames the table"),
            (rf"{_ALTER}RENAME (?:COLUMN )?\w+ TO", "renames a column"),
            (rf"{_ALTER}DROP COLUMN", "drops a column"),
            (rf"{_COLUMN}(?:SET NOT NULL|DROP DEFAULT)", "demands a value that the older version may not write"),
            (rf"{_COLUMN}(?:SET DATA )?TYPE", "changes a column's type and may write every row"),
            (rf"{_ALTER}ENABLE ROW LEVEL SECURITY", "hides rows that no policy shows"),
            (rf"DROP TABLE (?:IF EXISTS )?{_NAME}", "drops the table"),
            (rf"DROP POLICY (?:IF EXISTS )?\w+ ON {_NAME}", "hides rows from a role"),
            (
                rf"{_ALTER}ADD COLUMN (?!.*\b(?:DEFAULT|GENERATED|SERIAL)\b).*\bNOT NULL\b",
                "adds a column that the older version does not fill",
            ),
        ),
    ),
    (
        SHARE_ROW_EXCLUSIVE,
        WorkerImpact.BREAKING,
        (
            (
                rf"CREATE (?:CONSTRAINT )?TRIGGER \w+ .*? ON {_NAME}",
                "adds a trigger, which acts on writes of the older version too",
            ),
        ),
    ),
    (
        "",
        WorkerImpact.BREAKING,
        (
            (rf"REVOKE .*? ON (?:FUNCTION )?{_NAME}", "takes a privilege away"),
            (rf"CREATE OR REPLACE FUNCTION {_NAME}", "replaces a function"),
        ),
    ),
    (
        ACCESS_EXCLUSIVE,
        WorkerImpact.WAITING,
        (
            (rf"{_ALTER}ADD COLUMN {_EVERY_ROW}", "adds a column and reads or writes every row"),
            (rf"{_ALTER}ADD CONSTRAINT \w+ (?!FOREIGN KEY){_CHECKS_ROWS}", "adds a constraint and checks every row"),
            (rf"LOCK TABLE {_NAME}", "locks the table until the revision is done"),
        ),
    ),
    (
        SHARE_ROW_EXCLUSIVE,
        WorkerImpact.WAITING,
        ((rf"{_ALTER}ADD CONSTRAINT \w+ {_CHECKS_ROWS}", "adds a constraint and checks every row"),),
    ),
    (
        SHARE_UPDATE_EXCLUSIVE,
        WorkerImpact.WAITING,
        ((rf"{_ALTER}ATTACH PARTITION", "takes a table as a partition and may check every row of it"),),
    ),
    (
        SHARE,
        WorkerImpact.WAITING,
        ((rf"CREATE (?:UNIQUE )?INDEX {_INDEX}", "builds an index; writes wait until it is built"),),
    ),
    (
        ROW_EXCLUSIVE,
        WorkerImpact.WAITING,
        (
            (
                rf"(?:WITH .*?)?(?:INSERT INTO|UPDATE|DELETE FROM) (?:ONLY )?{_NAME}",
                "changes rows, which stay locked until the revision is done",
            ),
        ),
    ),
    (
        ACCESS_EXCLUSIVE,
        WorkerImpact.BRIEF,
        (
            (rf"{_ALTER}ADD COLUMN", "adds a column"),
            (rf"{_ALTER}ADD CONSTRAINT \w+ (?!FOREIGN KEY)", "adds a constraint for new rows"),
            (rf"{_ALTER}RENAME CONSTRAINT", "renames a constraint"),
            (rf"{_ALTER}DROP CONSTRAINT", "drops a constraint"),
            (rf"{_COLUMN}(?:SET DEFAULT|DROP NOT NULL)", "changes what may be left out"),
            (rf"{_ALTER}(?:NO FORCE|FORCE) ROW LEVEL SECURITY", "changes row-level security for the owner"),
            (rf"CREATE POLICY \w+ ON {_NAME}", "shows rows to a role"),
            (rf"DROP TRIGGER (?:IF EXISTS )?\w+ ON {_NAME}", "drops a trigger"),
            (rf"DROP INDEX (?:IF EXISTS )?{_NAME}", "drops an index"),
        ),
    ),
    (SHARE_ROW_EXCLUSIVE, WorkerImpact.BRIEF, ((rf"{_ALTER}ADD CONSTRAINT", "adds a foreign key for new rows"),)),
)
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), Effect("", lock, description, impact))
    for lock, impact, patterns in _GROUPS
    for pattern, description in patterns
)
_WITHOUT_EFFECT = re.compile(
    r"(?:BEGIN|COMMIT|SET|RESET|SELECT|GRANT|COMMENT|CREATE (?:TYPE|SEQUENCE|EXTENSION|ROLE|FUNCTION))\b"
    r"|UPDATE alembic_version|INSERT INTO alembic_version",
    re.IGNORECASE,
)
_NEW_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE)
_PARTITIONED_TABLE = re.compile(r".*\bPARTITION BY\b", re.IGNORECASE)
_FIRST_PARTITION = re.compile(r"ALTER TABLE (\w+) RENAME TO (\1_before_\d{4}_\d{2})$", re.IGNORECASE)
_NEW_FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)", re.IGNORECASE)


def find_effects(script: str, new_names: set[str]) -> list[Effect]:
    """The effects of a migration's SQL on tables that existed before.

    ``new_names`` are the names of tables and functions that earlier revisions of the same plan create; the names that
    this SQL creates are added.
    """
    found: dict[tuple[str, str, str], Effect] = {}
    for statement in split_statements(script):
        for effect in _effects_of(statement, new_names):
            found.setdefault((effect.table, effect.lock, effect.description), effect)
    return list(found.values())


def _effects_of(statement: str, new_names: set[str]) -> Iterator[Effect]:
    if made := _NEW_FUNCTION.match(statement):
        new_names.add(made[1])
    if _WITHOUT_EFFECT.match(statement):
        return
    if made := _NEW_TABLE.match(statement):
        new_names.add(made[1])
        for referred in sorted(set(re.findall(r"REFERENCES (\w+)", statement)) - new_names):
            yield Effect(referred, SHARE_ROW_EXCLUSIVE, "is referred to by a new table", WorkerImpact.BRIEF)
            if _PARTITIONED_TABLE.match(statement):
                # The triggers that the first partition's foreign keys have there are replaced by those of the table.
                yield Effect(referred, ACCESS_EXCLUSIVE, REFERRED_BY_PARTITIONS, WorkerImpact.BRIEF)
        return
    for pattern, effect in _RULES:
        if found := pattern.match(statement):
            if found["table"] not in new_names:
                yield msgspec.structs.replace(effect, table=found["table"])
            if renamed := _FIRST_PARTITION.match(statement):
                # Workers reach its rows through the new table, which has the former name.
                new_names.add(renamed[2])
            return
    yield Effect("", "", f"a statement that this plan does not know: {statement[:60]}", WorkerImpact.BREAKING)


def split_statements(script: str) -> Iterator[str]:
    """The statements of ``script`` without comments, each on one line. Strings and function bodies are not split."""
    statement = ""
    for part in _SQL_PART.finditer(script):
        if part[0] == ";":
            if text := " ".join(statement.split()):
                yield text
            statement = ""
        elif not part[0].startswith("--"):
            statement += part[0].replace('"', "")
    if text := " ".join(statement.split()):
        yield text
