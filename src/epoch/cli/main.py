"""The command line: ``epoch run`` and the commands that ``epoch --help`` lists.

Exit status: 0 done, 1 failed, 2 a bad setting or bad usage. Imports are late so that ``epoch --help`` is quick.
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from kit.environment import SettingsError
from kit.parsing import parse_day
from kit.settings import Settings, load_settings

Command = Callable[[Settings, argparse.Namespace], int]
STAFF_ROLES = ("support", "operator", "admin")
COPY_ADVICE = (
    "This database is a copy of another one, so phone numbers at the carrier are only reported, never changed."
    " If the original is no longer used: `epoch deployment --moved`. If it is: `epoch deployment --copied`."
)
PLAN_CHOICES = ("starter", "pro", "business", "enterprise")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        return command(load_settings(os.environ, needs_application=arguments.needs_application), arguments)
    except SettingsError as error:
        return _fail(2, str(error))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not isinstance(error, _expected_failures()):
            raise
        return _fail(1, str(error) or type(error).__name__)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="epoch", description="Epoch Voice: an embeddable business phone.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str, group: str = "") -> argparse.ArgumentParser:
        within = (groups[group] if group else commands).add_parser(name, help=text, description=text)
        within.set_defaults(command=run, needs_application=True)
        return within

    groups = {
        name: commands.add_parser(name, help=text).add_subparsers(required=True, metavar="ACTION")
        for name, text in (
            ("organization", "change an organization"),
            ("audit", "check the audit log, or erase a person from it"),
            ("calls", "stop, resume and compare every organization's calls"),
            ("carrier", "prepare the carrier's account"),
            ("staff", "let somebody into the back office"),
        )
    }
    add("run", _run, "start everything and serve until Ctrl-C")
    add("migrate", _migrate, "bring the database to this version's schema")
    add("seed", _seed, "fill an empty sandbox database with the demo")
    doctor = add(
        "doctor", _doctor, "check database, stored secrets, carrier, public URL, proxies, mail server and clock"
    )
    doctor.set_defaults(needs_application=False)
    add("rotate-secrets", _rotate_secrets, "encrypt stored secrets with EPOCH_SECRET_KEY instead of a predecessor")
    deployment = add("deployment", _deployment, "show this database's deployment, or say what a copied database is")
    copied = deployment.add_mutually_exclusive_group()
    copied.add_argument("--moved", action="store_true", help="the original is no longer used: own its numbers")
    copied.add_argument("--copied", action="store_true", help="the original is still used: own none of its numbers")
    set_plan = add("set-plan", _set_plan, "change an organization's plan", group="organization")
    set_plan.add_argument("slug")
    set_plan.add_argument("plan", choices=PLAN_CHOICES)
    pause = add("pause", _pause_calls, "refuse new calls of every organization", group="calls")
    pause.add_argument("reason", nargs="?", default="", help="for the audit log")
    pause.add_argument("--end-live", action="store_true", help="end the live ones too")
    add("resume", _resume_calls, "let calls be placed again", group="calls")
    compare = add("compare", _compare_calls, "correct a day's calls by the carrier's list of them", group="calls")
    compare.add_argument("day", nargs="?", type=_day, help="YYYY-MM-DD, UTC; the days that are due when not given")
    add_staff = add("add", _add_staff, "make a staff account, or a new link for one", group="staff")
    add_staff.add_argument("email")
    add_staff.add_argument("--role", choices=STAFF_ROLES, help="support when not given; the first one is an admin")
    erase = add("erase-person", _erase_person, "erase an e-mail address from the audit log", group="audit")
    erase.add_argument("email")
    verify = add("verify", _verify_audit_log, "compute the audit log's chains again; changes nothing", group="audit")
    verify.add_argument("--ends", action="store_true", help="print the end of every chain, to keep elsewhere")
    verify.add_argument(
        "--kept",
        metavar="FILE",
        type=argparse.FileType(encoding="utf-8-sig", errors="replace"),
        help="earlier output: its ends must still hold",
    )
    setup = add("setup", _setup_carrier, "create or update what the carrier's account needs", group="carrier")
    setup.set_defaults(needs_application=False)
    setup.add_argument("--check", action="store_true", help="change nothing; exit 1 when something differs")
    setup.add_argument("--adopt", action="store_true", help="take over an application that leads elsewhere")
    carrier_verify = add(
        "verify", _verify_carrier, "check the account with real requests; buys nothing", group="carrier"
    )
    carrier_verify.set_defaults(needs_application=False)
    carrier_verify.add_argument("--call", metavar="+E164", help="also call this number and speak a sentence")
    add("reconcile", _reconcile, "make the carrier's numbers and the organizations' equal", group="carrier")
    return parser


def _run(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.server.sandbox_process import ensure_sandbox_installed
    from epoch.server.supervisor import Supervisor, listen

    if settings.is_sandbox:
        ensure_sandbox_installed()
    listener = listen(settings)
    asyncio.run(Supervisor(settings, os.environ, _print).run(listener))
    return 0


def _migrate(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.migrations import upgrade

    with _database(settings) as (_, url):
        upgrade(url, _print)
    _print("The database has this version's schema.")
    return 0


def _seed(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.seed import seed_demo
    from epoch.migrations import upgrade

    if not settings.is_sandbox:
        raise SettingsError("EPOCH_CARRIER must be sandbox: the demo is for the sandbox only")
    with _database(settings) as (placed, url):
        upgrade(url, _print)
        asyncio.run(seed_demo(placed))
    _print("The demo is in the database.")
    return 0


def _set_plan(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import set_plan

    with _database(settings) as (placed, _):
        asyncio.run(set_plan(placed, arguments.slug, arguments.plan))
    _print(f"{arguments.slug} has the plan {arguments.plan}.")
    return 0


def _pause_calls(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import pause_calls

    with _database(settings) as (placed, _):
        fresh = asyncio.run(pause_calls(placed, arguments.reason, end_live=arguments.end_live))
    _print("New calls are refused until `epoch calls resume`." if fresh else "Calls are paused already.")
    return 0


def _resume_calls(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import resume_calls

    with _database(settings) as (placed, _):
        fresh = asyncio.run(resume_calls(placed))
    _print("Calls are placed again." if fresh else "Calls were not paused.")
    return 0


def _compare_calls(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import compare_calls

    with _database(settings) as (placed, _):
        days = asyncio.run(compare_calls(placed, arguments.day))
    for found in days:
        _print(
            f"{found.day}: {found.calls_here} calls here, {found.calls_there} at the carrier,"
            f" {found.corrected} differences corrected, {found.open} to look at, {found.unpriced} without a price."
        )
    if not days:
        _print("Every day that is over was compared.")
    return 1 if any(found.open for found in days) else 0


def _day(text: str) -> date:
    try:
        day = parse_day(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day as YYYY-MM-DD") from None
    if day >= datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"{day} is not over")
    return day


def _add_staff(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import add_staff

    with _database(settings) as (placed, _):
        invited, link = asyncio.run(add_staff(placed, arguments.email, arguments.role))
    _print(f"{invited.staff.email} is {invited.staff.role.value}. The link works once, for 30 minutes:")
    _print(link)
    return 0


def _erase_person(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import erase_person_from_audit_log

    with _database(settings) as (placed, _):
        events = asyncio.run(erase_person_from_audit_log(placed, arguments.email))
    _print(f"{events} events changed. What was done, when and by which account's id stays, and the chains verify.")
    return 0


def _verify_audit_log(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import verify_audit_log
    from kit.audit_chain import PLATFORM_CHAIN
    from tenants.audit_log.kept_ends import format_end, parse_kept_ends

    def name(chain_id: UUID) -> str:
        return "platform" if chain_id == PLATFORM_CHAIN else f"organization {chain_id}"

    kept = None if arguments.kept is None else parse_kept_ends(arguments.kept.read())
    with _database(settings) as (placed, _):
        found = asyncio.run(verify_audit_log(placed, all_ends=arguments.ends, kept=kept))
    for end in found.ends:
        _print(format_end(*end))
    for broken in found.breaks:
        number = "" if broken.number is None else f" number {broken.number}"
        event = "" if broken.event_id is None else f" (id {broken.event_id})"
        _print(f"BROKEN {name(broken.chain_id)}: event{number}{event}: {broken.problem}")
    _print(
        f"{found.chains} chains, {found.events} events, {found.erased_fields} erased fields,"
        f" {found.being_erased} organizations being erased, {found.kept_ends} kept ends found: "
        + (f"{found.break_count} BROKEN." if found.break_count else "all verified.")
    )
    return 1 if found.break_count else 0


def _setup_carrier(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.carrier_expectations import fallback_advice
    from epoch.cli.carrier_setup import SetupOptions, StepState
    from epoch.cli.commands import setup_carrier

    options = SetupOptions(is_check=arguments.check, adopts=arguments.adopt, is_account_own=settings.is_sandbox)
    with _database(settings) as (placed, _):
        steps = asyncio.run(setup_carrier(placed, options))
    for step in steps:
        _print(f"{step.state:<8}  {step.text}")
    _print(fallback_advice(settings))
    return 1 if any(step.state in (StepState.DIFFERS, StepState.REFUSED) for step in steps) else 0


def _verify_carrier(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import verify_carrier

    with _database(settings) as (placed, _):
        results = asyncio.run(verify_carrier(placed, call=arguments.call))
    for result in results:
        _print(result.line)
    return 0 if all(result.ok for result in results) else 1


def _reconcile(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import reconcile_numbers

    with _database(settings) as (placed, _):
        report = asyncio.run(reconcile_numbers(placed))
    _print(
        f"Numbers: {report.adopted} adopted, {report.failed} purchases given up, {report.released} released,"
        f" {report.postponed} put off, {len(report.discrepancies)} to look at."
    )
    if report.is_paused:
        _print(COPY_ADVICE)
    for found in report.discrepancies:
        _print(f"  …{found.last_digits}  {found.carrier_sid or '(no carrier id)'}  {found.reason}")
    return 1 if report.discrepancies or report.is_paused else 0


def _deployment(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli import commands

    if arguments.moved:
        run = commands.confirm_moved_deployment
    elif arguments.copied:
        run = commands.separate_copied_deployment
    else:
        run = commands.read_deployment
    with _database(settings) as (placed, _):
        deployment = asyncio.run(run(placed))
    _print(f"Deployment {deployment.name}")
    if deployment.is_copy:
        _print(COPY_ADVICE)
    return 1 if deployment.is_copy else 0


def _rotate_secrets(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import renew_stored_secrets

    with _database(settings) as (placed, _):
        before, after = asyncio.run(renew_stored_secrets(placed))
    _print(f"Encrypted with EPOCH_SECRET_KEY: {before.old or 'nothing, everything was already'}.")
    if after.unreadable:
        _print(f"{after.advice}.")
    if after.old:
        _print(
            f"{after.old} came back meanwhile or run now: restart every machine with the new secret, then run again."
        )
    elif not after.unreadable:
        _print("Nothing stored needs EPOCH_SECRET_KEY_PREVIOUS any more.")
    return 1 if after.old or after.unreadable else 0


def _doctor(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.doctor import run_checks

    with _database(settings) as (placed, _):
        findings = asyncio.run(run_checks(placed))
    for finding in findings:
        _print(finding.line)
    return 0 if all(finding.ok for finding in findings) else 1


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """The settings with a running database: the configured one, or the embedded one while the command runs."""
    if settings.owner_url is not None:
        yield settings, settings.owner_url
        return
    from epoch.server.embedded_postgres import EmbeddedPostgres

    with EmbeddedPostgres(settings.data_dir / "postgres") as server:
        yield msgspec.structs.replace(settings, database_url=server.url), server.url


def _expected_failures() -> tuple[type[Exception], ...]:
    """Errors whose message is enough; all others are bugs and keep their traceback."""
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    from carrier.port import CarrierError
    from epoch.migrations import NewerDatabase
    from epoch.server.child_processes import ChildExited
    from epoch.server.postgres_programs import DatabaseServerError
    from kit.errors import DomainError

    return (
        asyncpg.PostgresError,
        CarrierError,
        ChildExited,
        DatabaseServerError,
        DBAPIError,
        DomainError,
        NewerDatabase,
        OSError,
    )


def _print(text: str) -> None:
    print(text, flush=True)


def _fail(status: int, why: str) -> int:
    print(f"epoch: {why}", file=sys.stderr, flush=True)
    return status
