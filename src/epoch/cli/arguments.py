"""Describes the command line: commands, options and help texts."""

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
    """The parser of ``epoch``.

    ``command`` of its result has the command's words, or is None when only help can be given; then ``print_help``
    prints it.
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
        within = (groups[group] if group else commands).add_parser(name, help=text, description=text)
        within.set_defaults(command=f"{group} {name}".strip(), needs_application=True)
        return within

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
            ("staff", "let somebody into the back office"),
        )
    }
    add("run", "start everything and serve until Ctrl-C: requests, jobs, migrations, the sandbox")
    add("serve", "answer requests alone; needs a database that `epoch migrate` has migrated, and `epoch jobs`")
    add("jobs", "run queued jobs and periodic tasks alone; EPOCH_PORT answers health checks")
    migrate = add("migrate", "bring the database to this version's schema")
    # `epoch carrier setup` makes the application, in a migrated database.
    migrate.set_defaults(needs_application=False)
    migrate.add_argument(
        "--plan", action="store_true", help="say what would run, and if workers may serve; run nothing"
    )
    add("seed", "fill an empty sandbox database with the demo")
    doctor = add("doctor", "check database, stored secrets, carrier, public URL, proxies, mail server and clock")
    doctor.set_defaults(needs_application=False)
    add("rotate-secrets", "encrypt stored secrets with EPOCH_SECRET_KEY instead of a predecessor")
    deployment = add("deployment", "show this database's deployment, or say what a copied database is")
    copied = deployment.add_mutually_exclusive_group()
    copied.add_argument("--moved", action="store_true", help="the original is no longer used: own its numbers")
    copied.add_argument("--copied", action="store_true", help="the original is still used: own none of its numbers")
    set_plan = add("set-plan", "change an organization's plan", group="organization")
    set_plan.add_argument("slug")
    set_plan.add_argument("plan", choices=PLAN_CHOICES)
    pause = add("pause", "refuse new calls of every organization", group="calls")
    pause.add_argument("reason", nargs="?", default="", help="for the audit log")
    pause.add_argument("--end-live", action="store_true", help="end the live ones too")
    add("resume", "let calls be placed again", group="calls")
    compare = add("compare", "correct a day's calls by the carrier's list of them", group="calls")
    compare.add_argument("day", nargs="?", type=_day, help="YYYY-MM-DD, UTC; the days that are due when not given")
    add_staff = add("add", "make a staff account, or a new link for one", group="staff")
    add_staff.add_argument("email")
    add_staff.add_argument("--role", choices=STAFF_ROLES, help="support when not given; the first one is an admin")
    erase = add("erase-person", "erase an e-mail address from the audit log", group="audit")
    erase.add_argument("email")
    verify = add("verify", "compute the audit log's chains again; changes nothing", group="audit")
    verify.add_argument("--ends", action="store_true", help="print the end of every chain, to keep elsewhere")
    verify.add_argument(
        "--kept",
        metavar="FILE",
        type=argparse.FileType(encoding="utf-8-sig", errors="replace"),
        help="earlier output: its ends must still hold",
    )
    setup = add("setup", "create or update what the carrier's account needs", group="carrier")
    setup.set_defaults(needs_application=False)
    setup.add_argument("--check", action="store_true", help="change nothing; exit 1 when something differs")
    setup.add_argument("--adopt", action="store_true", help="take over an application that leads elsewhere")
    carrier_verify = add("verify", "check the account with real requests; buys nothing", group="carrier")
    carrier_verify.set_defaults(needs_application=False)
    carrier_verify.add_argument("--call", metavar="+E164", help="also call this number and speak a sentence")
    add("reconcile", "make the carrier's numbers and the organizations' equal", group="carrier")
    return parser


def _day(text: str) -> date:
    try:
        day = parse_day(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day as YYYY-MM-DD") from None
    if day >= datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"{day} is not over")
    return day
