"""Builds the argument parser of the command line ``epoch``: commands, options and help texts."""

import argparse
from datetime import UTC, date, datetime

from kit.parsing import parse_day

STAFF_ROLES = ("support", "operator", "admin")
PLAN_CHOICES = ("starter", "pro", "business", "enterprise")
_DESCRIPTION = "Epoch Voice: an embeddable business phone."
_FIRST_STEPS = """\
first steps:
  epoch run          serve a sandbox with a demo on http://localhost:8000; nothing else is needed
  epoch doctor       check the settings, the database and the carrier, and say what to do
  epoch COMMAND -h   explain one command

Settings are environment variables (docs/configuration.md). docs/go-live.md leads from a carrier account to the first
real call.
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of ``epoch``.

    In its result ``command`` is the command, such as ``calls pause``. It is None when none is given: ``print_help``
    then prints the help of the group.
    """
    parser = argparse.ArgumentParser(
        prog="epoch",
        description=_DESCRIPTION,
        epilog=_FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=None, print_help=parser.print_help)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, text: str, group: str = "") -> argparse.ArgumentParser:
        command = (groups[group] if group else commands).add_parser(name, help=text, description=text)
        command.set_defaults(command=f"{group} {name}".strip(), needs_application=True)
        return command

    def add_group(name: str, text: str) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
        group = commands.add_parser(name, help=text, description=text)
        group.set_defaults(print_help=group.print_help)
        return group.add_subparsers(title="actions", metavar="ACTION")

    groups = {
        name: add_group(name, text)
        for name, text in (
            ("organization", "change an organization"),
            ("audit", "check the audit log, or erase a person from it"),
            ("calls", "stop, resume and compare every organization's calls"),
            ("carrier", "prepare, check and correct the carrier's account"),
            ("staff", "add accounts for the back office"),
        )
    }
    add("run", "start everything and serve until Ctrl-C: requests, jobs, migrations, the sandbox")
    add("serve", "answer requests alone; needs a database that `epoch migrate` has migrated, and `epoch jobs`")
    add("jobs", "run queued jobs and periodic tasks alone; EPOCH_PORT answers health checks")
    migrate = add("migrate", "bring the database to this version's schema")
    # `epoch carrier setup` makes the TwiML application and needs a migrated database.
    migrate.set_defaults(needs_application=False)
    migrate.add_argument(
        "--plan", action="store_true", help="print what would run, and whether workers may serve; run nothing"
    )
    add("seed", "fill an empty sandbox database with the demo")
    doctor = add("doctor", "check database, stored secrets, carrier, public URL, proxies, mail server and clock")
    doctor.set_defaults(needs_application=False)
    add("rotate-secrets", "encrypt stored secrets with EPOCH_SECRET_KEY instead of a predecessor")
    deployment = add("deployment", "show this database's deployment, or declare a copied database as moved or copied")
    copied = deployment.add_mutually_exclusive_group()
    copied.add_argument("--moved", action="store_true", help="the original is no longer used: take over its numbers")
    copied.add_argument("--copied", action="store_true", help="the original is still used: leave its numbers to it")
    set_plan = add("set-plan", "change an organization's plan", group="organization")
    set_plan.add_argument("slug")
    set_plan.add_argument("plan", choices=PLAN_CHOICES)
    pause = add("pause", "refuse new calls of every organization", group="calls")
    pause.add_argument("reason", nargs="?", default="", help="for the audit log")
    pause.add_argument("--end-live", action="store_true", help="also end live calls")
    add("resume", "accept new calls again", group="calls")
    compare = add("compare", "compare a day's calls with the carrier's list, and correct them", group="calls")
    compare.add_argument("day", nargs="?", type=_past_day, help="YYYY-MM-DD, UTC; by default all days that are due")
    add_staff = add("add", "create a staff account, or a new link for an existing one", group="staff")
    add_staff.add_argument("email")
    add_staff.add_argument("--role", choices=STAFF_ROLES, help="by default support, and admin for the first account")
    erase = add("erase-person", "erase an e-mail address from the audit log", group="audit")
    erase.add_argument("email")
    verify = add("verify", "compute the audit log's chains again; changes nothing", group="audit")
    verify.add_argument("--ends", action="store_true", help="print length and digest of every chain, to save elsewhere")
    verify.add_argument(
        "--kept",
        metavar="FILE",
        type=argparse.FileType(encoding="utf-8-sig", errors="replace"),
        help="output of an earlier run with --ends: the chains must still contain these ends",
    )
    setup = add("setup", "create or update what the carrier's account needs", group="carrier")
    setup.set_defaults(needs_application=False)
    setup.add_argument("--check", action="store_true", help="change nothing; exit 1 when something differs")
    setup.add_argument("--adopt", action="store_true", help="take over an application that calls another server")
    carrier_verify = add("verify", "check the account with real requests; buys nothing", group="carrier")
    carrier_verify.set_defaults(needs_application=False)
    carrier_verify.add_argument("--call", metavar="+E164", help="also call this number and speak a sentence")
    add("reconcile", "compare the carrier's numbers with the organizations', and repair differences", group="carrier")
    return parser


def _past_day(text: str) -> date:
    """The day in ``text``. Raises: ArgumentTypeError, also for a day that has not ended."""
    try:
        day = parse_day(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day in the form YYYY-MM-DD") from None
    if day >= datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"{day} has not ended (UTC)")
    return day
