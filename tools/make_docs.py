"""Writes the generated blocks of the documentation; with ``--check`` only reports blocks that are out of date.

A block is the text between ``<!-- made by make docs: NAME -->`` and ``<!-- end of NAME -->`` in a Markdown file. It is
generated from the code, so that the documented settings, tables, targets and decisions always agree with the code.
"""

import ast
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"
SETTINGS_MODULE = ROOT / "src" / "kit" / "settings.py"
FILES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/decisions/README.md")
BLOCK = re.compile(
    r"(?P<begin><!-- made by make docs: (?P<name>[a-z -]+) -->\n).*?(?P<end><!-- end of (?P=name) -->)", re.DOTALL
)
DECISION_HEAD = re.compile(
    r"# (?P<number>\d{4}) (?P<title>[^\n]+)\n\n"
    r"- Status: (?P<status>[^\n]+)\n- Date: (?P<date>\d{4}-\d\d-\d\d)\n- Topic: (?P<topic>[^\n]+)\n"
)


def decisions() -> str:
    """A table of decision records for each topic, with title, status and date."""
    topics: dict[str, list[str]] = {}
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        head = DECISION_HEAD.match(path.read_text())
        if head is None:
            raise SystemExit(f"make docs: {path.relative_to(ROOT)} does not begin with title, Status, Date and Topic")
        row = f"| [{head['number']}]({path.name}) | {head['title']} | {head['status']} | {head['date']} |"
        topics.setdefault(head["topic"], []).append(row)
    parts = []
    for topic, rows in sorted(topics.items()):
        parts.append(f"### {topic}\n\n| number | decision | status | date |\n|---|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts)


def make_targets() -> str:
    """A table of the Makefile's targets that have a description."""
    found = re.findall(r"(?m)^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text())
    return "| target | purpose |\n|---|---|\n" + "\n".join(f"| `make {name}` | {text} |" for name, text in found)


def settings() -> str:
    """A table of the environment variables that ``load_settings`` reads: default, accepted values and meaning."""
    module = ast.parse(SETTINGS_MODULE.read_text())
    meanings = _attribute_docstrings(module)
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id != "DEVELOPMENT_SECRET"
    }
    production = _keys_of(module, "_PRODUCTION_RULES")
    rows = []
    for attribute, value in _assigned_values(module):
        read = next((node for node in ast.walk(value) if _reads_variable(node)), None)
        if isinstance(read, ast.Call) and attribute in meanings:
            name = ast.literal_eval(read.args[0])
            mark = " †" if name in production else ""
            rows.append(f"| `{name}` | {_default(read, constants)}{mark} | {_accepted(read)} | {meanings[attribute]} |")
    return "| name | default | values | meaning |\n|---|---|---|---|\n" + "\n".join(rows)


def _keys_of(module: ast.Module, name: str) -> frozenset[str]:
    """The keys of the annotated dictionary ``name``. Raises: StopIteration."""
    found = next(
        node.value
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name
    )
    return frozenset(ast.literal_eval(found or ast.Dict([], [])))


def _assigned_values(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The module's assignments to single names and its keyword arguments, in the order of the file."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.Call):
            yield from ((keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg)


def _reads_variable(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and re.fullmatch(r"(EPOCH|OTEL|TWILIO)_[A-Z_]+", str(node.args[0].value)) is not None
    )


def _attribute_docstrings(module: ast.Module) -> dict[str, str]:
    """The docstring of each annotated attribute of the module's classes, on one line."""
    found = {}
    for body in (node.body for node in module.body if isinstance(node, ast.ClassDef)):
        for attribute, text in itertools.pairwise(body):
            if (
                isinstance(attribute, ast.AnnAssign)
                and isinstance(attribute.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                docstring = " ".join(str(text.value.value).split())
                found[attribute.target.id] = docstring.replace("``", "`").rstrip(".")
    return found


def _default(read: ast.Call, constants: Mapping[str, ast.expr]) -> str:
    method = read.func.attr if isinstance(read.func, ast.Attribute) else ""
    value = next((argument for argument in reversed(read.args[1:]) if not isinstance(argument, ast.Tuple)), None)
    if method == "sid":
        value = read.args[2]
    if isinstance(value, ast.Name):
        value = constants.get(value.id, value)
    match value:
        case None:
            return "none"
        case ast.Constant():
            return f"`{value.value:g}`" if isinstance(value.value, float) else f"`{value.value!s}`"
        case ast.JoinedStr():
            return "`" + ast.unparse(value)[2:-1].replace("{", "<").replace("}", ">") + "`"
        case ast.IfExp(body=ast.Constant(value=int(production)), orelse=ast.Constant(value=int(development))):
            return f"`{development}`; `{production}` in production"
        case ast.IfExp():
            return "the sandbox's"
        case _:
            return "a development secret"


def _accepted(read: ast.Call) -> str:
    method = read.func.attr if isinstance(read.func, ast.Attribute) else ""
    bounds = {
        keyword.arg: ast.literal_eval(keyword.value)
        for keyword in read.keywords
        if not isinstance(keyword.value, ast.Name)
    }
    match method:
        case "choice":
            return " or ".join(f"`{choice}`" for choice in ast.literal_eval(read.args[1]))
        case "whole_number":
            return f"{bounds['low']:,} to {bounds['high']:,}"
        case "sid":
            return f"`{ast.literal_eval(read.args[1])}` and 32 letters or digits"
        case _:
            return VALUES.get(method, "text")


VALUES = {
    "positive_number": "above 0, at most 1,000",
    "secret": "at least 32 characters",
    "matching_text": "letters and a digit, such as `ie1`",
    "matching_texts": "names, comma-separated",
    "secrets": "secrets of at least 32 characters, comma-separated",
    "origin": "`http(s)://host[:port]`",
    "page_url": "`http(s)://host/path`",
    "email_address": "an e-mail address",
    "plan_prices": "plan=amount currency, comma-separated",
    "external_url": "`http(s)://host/path`",
    "otlp_endpoint": "`http(s)://host[:port]`",
    "sentry_project": "`http(s)://key@host/project`",
    "database": "`postgresql://…`",
    "mail_server": "`smtp://…` or `smtps://…`",
    "networks": "IP addresses or networks, comma-separated",
    "proxies": "IP addresses or networks, comma-separated, or `none`",
}


def data_model(*modules: str) -> Callable[[], str]:
    """A block with the entity-relationship diagram of the tables whose models are in ``modules``.

    Nearly all tables refer to the organization, so only the diagram of organizations shows these relations.
    """

    def diagram() -> str:
        tables = _tables_of(modules)
        names = {table.name for table in tables}
        lines = ["```mermaid", "erDiagram"]
        for table in tables:
            for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
                if key.column.table.name == "organization" and "organization" not in names:
                    continue
                child = "o|" if key.parent.unique else "o{"
                parent = "|o" if key.parent.nullable else "||"
                lines.append(f'    {key.column.table.name} {parent}--{child} {table.name} : "{key.parent.name}"')
        for table in tables:
            lines.append(f"    {table.name} {{")
            lines.extend(f"        {_column(column)}" for column in table.columns)
            lines.append("    }")
        return "\n".join([*lines, "```"])

    return diagram


def _tables_of(modules: Iterable[str]) -> list[sa.Table]:
    import epoch.models  # noqa: F401 - imports every package's models
    from kit.db.model import Base

    mappers = Base.registry.mappers
    found = [mapper.local_table for mapper in mappers if _is_within(mapper.class_.__module__, modules)]
    return sorted((table for table in found if isinstance(table, sa.Table)), key=lambda table: table.name)


def _is_within(module: str, modules: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in modules)


def _column(column: sa.Column[object]) -> str:
    dialect: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # untyped in the library
    kind = column.type.compile(dialect=dialect).lower().replace("timestamp with time zone", "timestamptz")
    keys = ["PK"] * column.primary_key + ["FK"] * bool(column.foreign_keys) + ["UK"] * bool(column.unique)
    parts = [re.sub(r"\(.*\)| ", "", kind), column.name, ",".join(keys), '"nullable"' if column.nullable else ""]
    return " ".join(part for part in parts if part)


def limits() -> str:
    """A table of the limits on calls: default, new account, the highest value that each plan can set, reason."""
    from calls.limits.limit_table import default_rows

    head = ("limit", "default", "new account", "Pro sets up to", "Business", "Enterprise", "reason")
    rows = [head, ("---",) + ("---:",) * 5 + ("---",), *default_rows()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "decisions": decisions,
    "limits": limits,
    "make targets": make_targets,
    "settings": settings,
    "tables of people and staff": data_model("accounts", "admin"),
    "tables of organizations": data_model("tenants", "phone_numbers"),
    "tables of embed tokens": data_model("widget"),
    "tables of calls": data_model("calls.models", "calls.reconciliation"),
    "tables of call limits": data_model("calls.limits"),
    "tables of events": data_model("events", "webhooks", "crm"),
    "tables of the platform": data_model("kit", "carrier"),
}


def main(arguments: list[str]) -> int:
    """Write the blocks, or with ``--check`` list the files whose blocks are out of date and return 1."""
    stale: list[str] = []
    seen: set[str] = set()
    for path in sorted(path for pattern in FILES for path in ROOT.glob(pattern)):
        before = path.read_text()
        seen.update(match["name"] for match in BLOCK.finditer(before))
        after = BLOCK.sub(lambda match: f"{match['begin']}\n{BLOCKS[match['name']]()}\n\n{match['end']}", before)
        if after != before:
            stale.append(str(path.relative_to(ROOT)))
            if "--check" not in arguments:
                path.write_text(after)
    if missing := sorted(BLOCKS.keys() - seen):
        sys.stdout.write(f"no file has the block: {', '.join(missing)}\n")
        return 1
    if stale:
        verb = "out of date, run `make docs`" if "--check" in arguments else "written"
        sys.stdout.write("".join(f"{name}: {verb}\n" for name in stale))
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
