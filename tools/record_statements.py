"""Records the SQL statements that a version runs for an exchange and for a whole call, and prints them as JSON.

Run in a checkout of a released version, with its ``src`` and ``tests`` in PYTHONPATH; write the output to
``tests/cases/served_statements.json``. A test runs the statements while the database is migrated to the newest schema,
as the workers of the released version do in a rolling upgrade.
"""

import asyncio
import datetime as dt
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import sqlalchemy as sa

from epoch.app import create_app
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.db.database import ADMIN_ROLE, Database
from kit.settings import load_settings
from support.asgi import asgi_transport
from support.call_script import EVENTS, START
from support.callback_client import CallbackClient, new_sid
from support.databases import patient_database
from support.factories import Factory
from support.widget_client import PAGE_ORIGIN, post_token

PUBLIC_URL = "http://localhost:8000"
TABLES = ("organization", "phone_number", "embed_token")
"""Tables whose rows the statements need, parents first."""
ROLES = ("epoch_app", "epoch_lookup")
ROUNDS = 2
"""The first round prepares statements and fills caches; only the last round is recorded."""
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \S+ UTC \[(?P<process>\d+)\] (?P<kind>[A-Z]+):  (?P<text>.*)", re.DOTALL)
STATEMENT = re.compile(r"(?P<how>statement|execute [^:]*): (?P<sql>.*)", re.DOTALL)
PARAMETER = re.compile(r"\$\d+ = (NULL|'(?:[^']|'')*')")


async def serve(url: str, folder: Path) -> dict[str, list[Any]]:
    """Serve exchanges and calls, with marks in the server's log; return the rows that they needed, by table."""
    environ = {"EPOCH_DATABASE_URL": url, "EPOCH_PUBLIC_URL": PUBLIC_URL, "EPOCH_DATA_DIR": str(folder / "data")}
    settings = load_settings({**environ, "EPOCH_SANDBOX_ADDRESS": "127.0.0.1:9"})
    database = Database(url, role=ADMIN_ROLE, connect_seconds=30)
    make = Factory(database, settings)
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    await database.stop()
    marks = await asyncpg.connect(url)
    rows = {}
    for table in TABLES:
        query = sa.select(sa.func.to_jsonb(sa.column(table)).label("row")).select_from(sa.table(table))
        rows[table] = [json.loads(record["row"]) for record in await marks.fetch(str(query))]
    await marks.execute("ALTER DATABASE recorded SET log_statement = 'all'")
    await marks.execute("SET log_statement = 'all'")
    app = create_app(settings, database=patient_database(settings))
    async with app.lifespan(), httpx.AsyncClient(transport=asgi_transport(app), base_url=PUBLIC_URL) as client:
        for _ in range(ROUNDS):
            await marks.execute("SELECT 'mark exchange'")
            (await post_token(client, token.raw, origins=(PAGE_ORIGIN,))).raise_for_status()
            await marks.execute("SELECT 'mark call'")
            carrier, sid, child = CallbackClient(client, settings), new_sid(), new_sid()
            (await carrier.outgoing(token.id, sid)).raise_for_status()
            for sequence, (status, seconds, more) in enumerate(EVENTS, 1):
                at = START + dt.timedelta(seconds=seconds)
                (await carrier.event(sid, status, at, child=child, sequence=sequence, **more)).raise_for_status()
            (await carrier.event(sid, "completed", at, sequence=9, CallDuration="8")).raise_for_status()
            await marks.execute("SELECT 'mark end'")
    await marks.close()
    return rows


def log_entries(log: str) -> Iterator[re.Match[str]]:
    """The entries of PostgreSQL's log. The second and later lines of an entry begin with a tab."""
    for entry in re.split(r"\n(?!\t)", log):
        if found := LOG_LINE.match(entry.replace("\n\t", "\n")):
            yield found


def read_statements(log: str) -> list[dict[str, Any]]:
    """The statements of the last round that ``ROLES`` executed, with their parameters as literals."""
    roles: dict[str, str] = {}
    connections: dict[str, str] = {}
    part, found = "", list[dict[str, Any]]()
    for entry in log_entries(log):
        process, text = entry["process"], entry["text"]
        if mark := re.match(r"statement: SELECT 'mark (\w+)'", text):
            part = "" if mark[1] == "end" else mark[1]
            found = [] if part == "exchange" else found
        elif entry["kind"] == "DETAIL" and found and found[-1]["process"] == process:
            found[-1]["values"] = PARAMETER.findall(text)
        elif statement := STATEMENT.match(text):
            if role := re.match(r"SET ROLE (\w+)", statement["sql"]):
                roles[process] = role[1]
            elif part and roles.get(process) in ROLES:
                name = connections.setdefault(process, f"{roles[process]} {len(connections) + 1}")
                sql = " ".join(statement["sql"].split())
                values: list[str] | None = None if statement["how"] == "statement" else []
                found.append({"part": part, "process": process, "connection": name, "sql": sql, "values": values})
    return [{key: value for key, value in statement.items() if key != "process"} for statement in found]


def main() -> int:
    """Print the recording as JSON."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
        url = server.create_database("recorded", None)
        upgrade(url)
        rows = asyncio.run(serve(url, Path(folder)))
        directory, revision = asyncio.run(read_data_directory_and_revision(url))
        log = (directory.parent / "log").read_text()
    statements = ",\n".join(f"  {json.dumps(statement)}" for statement in read_statements(log))
    head = f' "revision": {json.dumps(revision)},\n "rows": {json.dumps(rows)}'
    sys.stdout.write(f'{{\n{head},\n "statements": [\n{statements}\n ]\n}}\n')
    return 0


async def read_data_directory_and_revision(url: str) -> tuple[Path, str]:
    """The server's data directory and the schema's revision."""
    connection = await asyncpg.connect(url)
    directory = await connection.fetchval("SHOW data_directory")
    revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.close()
    return Path(directory), revision


if __name__ == "__main__":
    sys.exit(main())
