"""Lints the SQL of migrations with squawk, and reports each migration that alters several tables.

Only migrations after ``LAST_UNLINTED_REVISION`` are linted, because older ones never change.
"""

import asyncio
import sys
from pathlib import Path

from alembic.config import Config

from epoch.migration_plan import make_plan, sql_of_revisions
from epoch.migrations import LAST_UNLINTED_REVISION, alembic_config, pending

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "migrations-lint"
SQUAWK = Path(sys.executable).with_name("squawk")


def lint(config: Config, after: str, folder: Path) -> list[str]:
    """The faults of the migrations that follow the revision ``after``; their SQL is written to files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.sql"):
        file.unlink()
    scripts, sql = pending(config, after), sql_of_revisions(config, after)
    files = [folder / f"{Path(script.path).stem}.sql" for script in scripts]
    for script, file in zip(scripts, files, strict=True):
        file.write_text(sql[script.revision])
    return [*_faults_of_locks(config, after), *(_faults_by_squawk(files, folder) if files else [])]


def _faults_of_locks(config: Config, after: str) -> list[str]:
    return [
        f"{planned.revision} alters {', '.join(planned.altered_tables)} in one transaction: write a revision for each"
        for planned in make_plan(config, after).revisions
        if len(planned.altered_tables) > 1
    ]


def _faults_by_squawk(files: list[Path], folder: Path) -> list[str]:
    options = ["--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc"]

    async def run() -> tuple[int | None, str, str]:
        pipe = asyncio.subprocess.PIPE
        names = [file.name for file in files]
        squawk = await asyncio.create_subprocess_exec(SQUAWK, *options, *names, cwd=folder, stdout=pipe, stderr=pipe)
        printed, errors = await squawk.communicate()
        return squawk.returncode, printed.decode(), errors.decode()

    status, printed, errors = asyncio.run(run())
    if status and not printed:
        raise SystemExit(f"migrations-lint: squawk failed: {errors.strip()}")
    return printed.splitlines()


def main() -> int:
    """Print the faults; return 1 if there are any."""
    config = alembic_config("")
    faults = lint(config, LAST_UNLINTED_REVISION, FOLDER)
    count = len(pending(config, LAST_UNLINTED_REVISION))
    for line in (*faults, f"{count} migrations behind {LAST_UNLINTED_REVISION}: {len(faults) or 'no'} faults."):
        sys.stdout.write(f"{line}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
