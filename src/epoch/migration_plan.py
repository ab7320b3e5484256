"""The plan of a migration: the revisions that would run, their locks, and whether workers may serve meanwhile."""

import asyncio
import enum
import io
import re

import msgspec
from alembic import command
from alembic.config import Config

from epoch.migration_statements import (
    BLOCKING_LOCKS,
    REFERRED_BY_PARTITIONS,
    SHARE_ROW_EXCLUSIVE,
    Effect,
    WorkerImpact,
    find_effects,
)
from epoch.migrations import NewerDatabase, alembic_config, ensure_known, pending, revision_of

_BEGIN = re.compile(r"^BEGIN;\s+-- Running upgrade (?:\w* )?-> (?P<revision>\w+)$", re.MULTILINE)
_VERDICTS = {
    WorkerImpact.UNNOTICED: "While workers serve: yes, they do not notice it.",
    WorkerImpact.BRIEF: "While workers serve: yes, they wait for a moment.",
    WorkerImpact.WAITING: "While workers serve: only where the tables are small, because they wait until it is done.",
    WorkerImpact.BREAKING: "While workers serve: no. Stop the workers of the older version first.",
}


class SchemaAge(enum.Enum):
    """The age of the database's schema compared with this version's. A newer one raises ``NewerDatabase``."""

    EMPTY = enum.auto()
    OLDER = enum.auto()
    CURRENT = enum.auto()


class PlannedRevision(msgspec.Struct, frozen=True):
    """A revision that would run."""

    revision: str
    title: str
    effects: tuple[Effect, ...]

    @property
    def impact(self) -> WorkerImpact:
        """The worst impact of its effects."""
        return max((effect.impact for effect in self.effects), default=WorkerImpact.UNNOTICED)

    @property
    def locked_tables(self) -> list[str]:
        """Tables whose readers or writers wait for the revision.

        Tables that are locked only because a new table refers to them are left out: they can be read.
        """
        brief = (SHARE_ROW_EXCLUSIVE, WorkerImpact.BRIEF)
        return sorted(
            {
                effect.table
                for effect in self.effects
                if effect.lock in BLOCKING_LOCKS and (effect.lock, effect.impact) != brief
            }
        )

    @property
    def altered_tables(self) -> list[str]:
        """``locked_tables`` without those that are locked only because a partitioned table refers to them."""
        referred = {effect.table for effect in self.effects if effect.description == REFERRED_BY_PARTITIONS}
        return [table for table in self.locked_tables if table not in referred]


class Plan(msgspec.Struct, frozen=True):
    """The database's revision and the revisions that would run."""

    age: SchemaAge
    current: str | None
    head: str
    revisions: tuple[PlannedRevision, ...]

    @property
    def lines(self) -> list[str]:
        """The plan as lines of text."""
        if self.age is SchemaAge.CURRENT:
            return [f"The schema is current (revision {self.head}): nothing would run. Nothing was changed."]
        if self.age is SchemaAge.EMPTY:
            total = len(self.revisions)
            return [f"The database is empty: {total} revisions would run, until {self.head}. Nothing was changed."]
        count = f"{len(self.revisions)} revisions" if len(self.revisions) > 1 else "1 revision"
        lines = [f"The schema is older than this version (revision {self.current}): {count} would run, in this order."]
        for planned in self.revisions:
            lines += ["", *_describe(planned)]
        return [*lines, "", self._conclusion]

    @property
    def _conclusion(self) -> str:
        breaking = [planned.revision for planned in self.revisions if planned.impact is WorkerImpact.BREAKING]
        waiting = [planned.revision for planned in self.revisions if planned.impact is WorkerImpact.WAITING]
        if breaking:
            verdict = f"Stop the workers of the older version before `epoch migrate`, because of {', '.join(breaking)}."
        elif waiting:
            verdict = f"Run it when few calls are placed: workers wait while all rows are read by {', '.join(waiting)}."
        else:
            verdict = "All of it can run while workers serve."
        return f"{verdict} Nothing was changed."


def _describe(planned: PlannedRevision) -> list[str]:
    lines = [f"{planned.revision}  {planned.title}"]
    tables: dict[tuple[str, str], list[str]] = {}
    for effect in planned.effects:
        tables.setdefault((effect.description, effect.lock), []).append(effect.table)
    for (description, lock), names in tables.items():
        with_lock = f"{description} (lock {lock})" if lock else description
        lines.append(f"  {', '.join(names)}: {with_lock}" if any(names) else f"  {description}")
    if not planned.effects:
        lines.append("  Changes no table that is used.")
    if len(planned.locked_tables) > 1 and planned.impact < WorkerImpact.BREAKING:
        count = len(planned.locked_tables)
        lines.append(f"  Locks {count} tables: a statement that holds one and waits for another may be cancelled.")
    lines.append(f"  {_VERDICTS[planned.impact]}")
    return lines


def read_plan(database_url: str) -> Plan:
    """Make the plan for a database without changing it. Must not be called inside a running event loop.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
    """
    return make_plan(alembic_config(database_url), asyncio.run(revision_of(database_url)))


def make_plan(config: Config, current: str | None) -> Plan:
    """Make the plan from the revision ``current`` to the newest one. Raises: NewerDatabase."""
    try:
        ensure_known(config, current)
    except NewerDatabase as error:
        raise NewerDatabase(f"The schema is newer than this version, so nothing would run. {error}") from None
    scripts = pending(config, current)
    if not scripts:
        return Plan(SchemaAge.CURRENT, current, str(current), ())
    if current is None:
        # No worker uses the tables that the migration would make.
        planned = tuple(PlannedRevision(script.revision, script.doc or "", ()) for script in scripts)
        return Plan(SchemaAge.EMPTY, None, scripts[-1].revision, planned)
    sql, new_names = sql_of_revisions(config, current), set[str]()
    planned = tuple(
        PlannedRevision(script.revision, script.doc or "", tuple(find_effects(sql[script.revision], new_names)))
        for script in scripts
    )
    return Plan(SchemaAge.OLDER, current, scripts[-1].revision, planned)


def sql_of_revisions(config: Config, after: str) -> dict[str, str]:
    """The SQL of each revision that follows ``after``, with BEGIN and COMMIT of its transaction."""
    if not pending(config, after):
        return {}
    config.output_buffer = output = io.StringIO()
    command.upgrade(config, f"{after}:head", sql=True)
    begins = list(_BEGIN.finditer(output.getvalue()))
    ends = [begin.start() for begin in begins[1:]] + [len(output.getvalue())]
    return {begin["revision"]: output.getvalue()[begin.start() : end] for begin, end in zip(begins, ends, strict=True)}
