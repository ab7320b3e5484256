"""The help texts that the ``epoch`` command prints about its subcommands."""

import pytest

from epoch.cli.arguments import build_parser
from epoch.cli.main import COMMANDS, main

GROUPS = ("audit", "calls", "carrier", "organization", "staff")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_described(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*command.split(), "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: epoch {command} ")


def test_alone_it_prints_all_commands_and_the_first_steps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(f"    {command.split()[0]}" in printed for command in COMMANDS)
    assert "epoch run " in printed
    assert "docs/configuration.md" in printed


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_prints_its_actions(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([group]) == 0
    printed = capsys.readouterr().out
    actions = [command.split()[1] for command in COMMANDS if command.startswith(f"{group} ")]
    assert actions
    assert all(f"    {action}" in printed for action in actions)


def test_commands_that_come_before_the_carriers_application_do_not_need_it() -> None:
    """``carrier setup`` creates the application, in a database that ``migrate`` has migrated."""
    parsed = {command: build_parser().parse_args(command.split()) for command in ("migrate", "carrier setup", "serve")}
    assert [command for command, arguments in parsed.items() if arguments.needs_application] == ["serve"]
