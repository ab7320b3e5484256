"""The documentation names commands and options of ``epoch`` that exist, and each table with personal data."""

import argparse
import re
from pathlib import Path

import epoch.models
from epoch.cli.arguments import build_parser
from kit.db.model import Base

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
DATA_PROTECTION = ROOT / "docs" / "data-protection.md"
COMMAND = re.compile(r"`epoch ([a-z][^`]*)`|^(?:\$ )?(?:\S*/)?epoch ([a-z].*)$", re.MULTILINE)
PERSONAL_COLUMNS = {
    "address", "agent", "author", "company", "customer_name", "email", "extension", "from_number", "metadata", "name",
    "number", "recipient", "to_number",
}  # fmt: skip
NOT_PERSONAL = {"deployment", "limit_override", "minute_counter", "organization", "widget_file"}
"""Tables whose columns of these names contain no personal data."""


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of ``parser`` by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def unknown_words(command: str) -> list[str]:
    """The command names and options in a documented command, such as ``calls compare [DAY]``, that do not exist."""
    parser, unknown = build_parser(), []
    for word in re.split(r"[\s\[\]|\\]+", command):
        commands = subcommands(parser)
        if commands:
            if word not in commands:
                return [word]
            parser = commands[word]
        elif word.startswith("--") and word not in parser._option_string_actions:
            unknown.append(word)
    return unknown


def test_every_documented_command_and_option_exists() -> None:
    commands = {(page.name, first or second) for page in PAGES for first, second in COMMAND.findall(page.read_text())}
    assert len(commands) > 40
    assert unknown_words("calls compair") == ["compair"]
    assert unknown_words("migrate [--plans]") == ["--plans"]
    assert [(page, command, bad) for page, command in sorted(commands) if (bad := unknown_words(command))] == []


def test_every_table_with_personal_data_is_on_the_data_protection_page() -> None:
    assert epoch.models.MODEL_MODULES
    text = DATA_PROTECTION.read_text()
    tables = {
        table.name
        for table in Base.metadata.tables.values()
        if PERSONAL_COLUMNS & set(table.columns.keys()) and table.name not in NOT_PERSONAL
    }
    assert "call" in tables
    assert sorted(name for name in tables if f"`{name}`" not in text) == []
