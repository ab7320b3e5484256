"""The plan of a migration: the revisions that would run, the locks they take, and if workers may serve meanwhile."""

import asyncio
import enum
import io
import re

import msgspec
from alembic import command
from alembic.config import Config

from epoch.migration_statements import BLOCKING_LOCKS, REFERRED_BY_PARTITIONS, SHARED_ROW, Effect, Serving, effects
from epoch.migrations import NewerDatabase, alembic_config, ensure_known, pending, revision_of

_BEGIN = re.compile(r"^BEGIN;\s+-- Running upgrade (?:\w* )?-> (?P<revision>\w+)$", re.MULTILINE)
_VERDICTS = {
    Serving.UNNOTICED: "While workers serve: yes, they do not notice it.",
    Serving.BRIEF: "While workers serve: yes, they wait for a moment.",
    Serving.WAITING: "While workers serve: only where the tables are small, because they wait until it is done.",
    Serving.BREAKING: "While workers serve: no. Stop the workers of the older version first.",
}


class SchemaAge(enum.Enum):
    """The database's schema beside this version's. A newer one is refused by ``NewerDatabase``."""

    EMPTY = enum.auto()
    OLDER = enum.auto()
    CURRENT = enum.auto()


class PlannedRevision(msgspec.Struct, frozen=True):
    """A revision that would run."""

    revision: str
    title: str
    effects: tuple[Effect, ...]

    @property
    def serving(self) -> Serving:
        """The worst of its effects."""
        return max((effect.serving for effect in self.effects), default=Serving.UNNOTICED)

    @property
    def locked_tables(self) -> list[str]:
        """Tables whose readers or writers wait for it; not those that only a new table refers to, which can be read."""
        return sorted(
            {
                effect.table
                for effect in self.effects
                if effect.lock in BLOCKING_LOCKS and (effect.lock, effect.serving) != (SHARED_ROW, Serving.BRIEF)
            }
        )

    @property
    def altered_tables(self) -> list[str]:
        """``locked_tables`` without those that are locked only because a divided table refers to them."""
        referred = {effect.table for effect in self.effects if effect.does == REFERRED_BY_PARTITIONS}
        return [table for table in self.locked_tables if table not in referred]


class Plan(msgspec.Struct, frozen=True):
    """The database's revision and what would run."""

    age: SchemaAge
    current: str | None
    head: str
    revisions: tuple[PlannedRevision, ...]

    @property
    def lines(self) -> list[str]:
        """The plan in words; every line is one printed line."""
        if self.age is SchemaAge.CURRENT:
            return [f"The schema is current (revision {self.head}): nothing would run. Nothing was changed."]
        if self.age is SchemaAge.EMPTY:
            number = len(self.revisions)
            return [f"The database is empty: {number} revisions would run, until {self.head}. Nothing was changed."]
        count = f"{len(self.revisions)} revisions" if len(self.revisions) > 1 else "1 revision"
        found = [f"The schema is older than this version (revision {self.current}): {count} would run, in this order."]
        for planned in self.revisions:
            found += ["", *_describe(planned)]
        return [*found, "", self._conclusion]

    @property
    def _conclusion(self) -> str:
        breaking = [planned.revision for planned in self.revisions if planned.serving is Serving.BREAKING]
        waiting = [planned.revision for planned in self.revisions if planned.serving is Serving.WAITING]
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
        tables.setdefault((effect.does, effect.lock), []).append(effect.table)
    for (does, lock), names in tables.items():
        lines.append(f"  {', '.join(names)}: {does}{f' (lock {lock})' if lock else ''}" if any(names) else f"  {does}")
    if not planned.effects:
        lines.append("  Changes no table that is used.")
    if len(planned.locked_tables) > 1 and planned.serving < Serving.BREAKING:
        count = len(planned.locked_tables)
        lines.append(f"  Locks {count} tables: a statement that holds one and waits for another may be cancelled.")
    lines.append(f"  {_VERDICTS[planned.serving]}")
    return lines


def read_plan(database_url: str) -> Plan:
    """The plan for a database, which is only read. Must not be called inside a running event loop.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
    """
    return make_plan(alembic_config(database_url), asyncio.run(revision_of(database_url)))


def make_plan(config: Config, current: str | None) -> Plan:
    """The plan from the revision ``current`` to the newest one. Raises: NewerDatabase."""
    try:
        ensure_known(config, current)
    except NewerDatabase as error:
        raise NewerDatabase(f"The schema is newer than this version, so nothing would run. {error}") from None
    scripts = pending(config, current)
    if not scripts:
        return Plan(SchemaAge.CURRENT, current, str(current), ())
    if current is None:
        # Nobody uses the tables that it would make.
        planned = tuple(PlannedRevision(script.revision, script.doc or "", ()) for script in scripts)
        return Plan(SchemaAge.EMPTY, None, scripts[-1].revision, planned)
    sql, is_new = sql_of_revisions(config, current), set[str]()
    planned = tuple(
        PlannedRevision(script.revision, script.doc or "", tuple(effects(sql[script.revision], is_new)))
        for script in scripts
    )
    return Plan(SchemaAge.OLDER, current, scripts[-1].revision, planned)


def sql_of_revisions(config: Config, after: str) -> dict[str, str]:
    """The SQL of each revision behind ``after``, in their order, with its transaction's BEGIN and COMMIT."""
    if not pending(config, after):
        return {}
    config.output_buffer = output = io.StringIO()
    command.upgrade(config, f"{after}:head", sql=True)
    begins = list(_BEGIN.finditer(output.getvalue()))
    ends = [begin.start() for begin in begins[1:]] + [len(output.getvalue())]
    return {begin["revision"]: output.getvalue()[begin.start() : end] for begin, end in zip(begins, ends, strict=True)}
