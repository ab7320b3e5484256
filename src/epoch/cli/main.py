"""The program ``epoch``: runs the commands that ``arguments.py`` describes, and prints their results.

Exit status: 0 done, 1 failed, 2 a bad setting or bad usage. Imports are late so that ``epoch --help`` is quick.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO
from uuid import UUID

import msgspec

from epoch.cli.arguments import build_parser
from epoch.cli.expected_failures import describe_failure
from kit.environment import SettingsError
from kit.garbage_collection import raise_collection_thresholds
from kit.settings import Settings, load_settings
from kit.unknown_settings import describe_unknown_settings

Command = Callable[[Settings, argparse.Namespace], int]
_SERVING_COMMANDS = frozenset({"run", "serve", "jobs"})
"""The commands that run until a signal stops them."""
COPY_ADVICE = (
    "This database is a copy of another one, or EPOCH_PUBLIC_URL changed, so phone numbers at the carrier are only"
    " reported, never changed. If the original is no longer used, or its URL changed: `epoch deployment --moved`."
    " If it is still used: `epoch deployment --copied`."
)


def program() -> int:
    """Run ``main`` as the program ``epoch``, which also configures the process's log."""
    return main(configures_log=True)


def main(argv: Sequence[str] | None = None, *, configures_log: bool = False) -> int:
    """Run one command and return its exit status; ``configures_log`` applies the settings to the process's log."""
    raise_collection_thresholds()
    arguments = build_parser().parse_args(argv)
    if arguments.command is None:
        arguments.print_help()
        return 0
    command = COMMANDS[arguments.command]
    if arguments.command in _SERVING_COMMANDS:
        _print_unknown_settings(sys.stdout)
    try:
        settings = load_settings(os.environ, needs_application=arguments.needs_application)
    except SettingsError as error:
        if arguments.command not in _SERVING_COMMANDS:
            # A setting may be missing because its name is mistyped.
            _print_unknown_settings(sys.stderr)
        return _fail(2, str(error))
    if configures_log:
        from kit.log import configure_logging

        # The log goes to standard error: standard output has the command's result.
        configure_logging(json=settings.is_production)
    try:
        return command(settings, arguments)
    except SettingsError as error:
        return _fail(2, str(error))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _fail(1, describe_failure(error))


def _print_unknown_settings(stream: TextIO) -> None:
    for found in describe_unknown_settings(os.environ):
        print(f"Warning: {found}", file=stream, flush=True)


def _run(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.serving import run

    run(settings, _print)
    return 0


def _serve(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.serving import serve

    serve(settings, _print)
    return 0


def _jobs(_settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.serving import run_jobs

    run_jobs(_print)
    return 0


def _migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.migration_plan import read_plan
    from epoch.release import install_release

    if arguments.plan:
        if settings.owner_url is None and not (settings.data_dir / "postgres").exists():
            _print("There is no database yet: `epoch migrate` makes one. Nothing was changed.")
            return 0
        with _database(settings) as (_, url):
            for line in read_plan(url).lines:
                _print(line)
        return 0
    # SIGTERM acts as Ctrl-C: the running revision is undone, no lock stays. A shell's background jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with _database(settings) as (_, url):
            install_release(url, _print, is_production=settings.is_production)
    except KeyboardInterrupt:
        return _fail(130, "stopped: the steps that were finished stay; run `epoch migrate` again for the others")
    _print("The database has this version's schema.")
    return 0


def _seed(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.seed import seed_demo
    from epoch.release import install_release

    if not settings.is_sandbox:
        raise SettingsError("EPOCH_CARRIER must be sandbox: the demo is for the sandbox only")
    with _database(settings) as (effective_settings, url):
        install_release(url, _print, is_production=settings.is_production)
        asyncio.run(seed_demo(effective_settings))
    _print("The demo is in the database.")
    return 0


def _set_plan(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import set_plan

    with _database(settings) as (effective_settings, _):
        asyncio.run(set_plan(effective_settings, arguments.slug, arguments.plan))
    _print(f"{arguments.slug} has the plan {arguments.plan}.")
    return 0


def _pause_calls(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import pause_calls

    with _database(settings) as (effective_settings, _):
        is_changed = asyncio.run(pause_calls(effective_settings, arguments.reason, end_live=arguments.end_live))
    _print("New calls are refused until `epoch calls resume`." if is_changed else "Calls are paused already.")
    return 0


def _resume_calls(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import resume_calls

    with _database(settings) as (effective_settings, _):
        is_changed = asyncio.run(resume_calls(effective_settings))
    _print("Calls are placed again." if is_changed else "Calls were not paused.")
    return 0


def _compare_calls(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import compare_calls

    with _database(settings) as (effective_settings, _):
        days = asyncio.run(compare_calls(effective_settings, arguments.day))
    for found in days:
        _print(
            f"{found.day}: {found.calls_here} calls here, {found.calls_there} at the carrier,"
            f" {found.corrected} differences corrected, {found.open} to look at, {found.unpriced} without a price."
        )
    if not days:
        _print("Every day that has ended was compared.")
    return 1 if any(found.open for found in days) else 0


def _add_staff(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import add_staff

    with _database(settings) as (effective_settings, _):
        invited, link = asyncio.run(add_staff(effective_settings, arguments.email, arguments.role))
    _print(f"{invited.staff.email} is {invited.staff.role.value}. The link works once, for 30 minutes:")
    _print(link)
    return 0


def _erase_person(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import erase_person_from_audit_log

    with _database(settings) as (effective_settings, _):
        events = asyncio.run(erase_person_from_audit_log(effective_settings, arguments.email))
    _print(f"{events} events changed. What was done, when and by which account's id stays, and the chains verify.")
    return 0


def _verify_audit_log(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import verify_audit_log
    from kit.audit_chain import PLATFORM_CHAIN
    from tenants.audit_log.saved_ends import format_end, parse_saved_ends

    def name(chain_id: UUID) -> str:
        return "platform" if chain_id == PLATFORM_CHAIN else f"organization {chain_id}"

    saved_ends = None if arguments.kept is None else parse_saved_ends(arguments.kept.read())
    with _database(settings) as (effective_settings, _):
        found = asyncio.run(verify_audit_log(effective_settings, all_ends=arguments.ends, saved_ends=saved_ends))
    for end in found.ends:
        _print(format_end(*end))
    for broken in found.breaks:
        number = "" if broken.number is None else f" number {broken.number}"
        event = "" if broken.event_id is None else f" (id {broken.event_id})"
        _print(f"BROKEN {name(broken.chain_id)}: event{number}{event}: {broken.problem}")
    _print(
        f"{found.chains} chains, {found.events} events, {found.erased_fields} erased fields,"
        f" {found.being_erased} organizations being erased, {found.matched_ends} chain ends of earlier runs matched: "
        + (f"{found.break_count} BROKEN." if found.break_count else "all verified.")
    )
    return 1 if found.break_count else 0


def _setup_carrier(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.carrier_expectations import fallback_advice
    from epoch.cli.carrier_setup import SetupOptions, StepState
    from epoch.cli.commands import setup_carrier

    options = SetupOptions(is_check=arguments.check, adopts=arguments.adopt, owns_account=settings.is_sandbox)
    with _database(settings) as (effective_settings, _):
        steps = asyncio.run(setup_carrier(effective_settings, options))
    for step in steps:
        _print(f"{step.state:<8}  {step.text}")
    _print(fallback_advice(settings))
    return 1 if any(step.state in (StepState.DIFFERS, StepState.REFUSED) for step in steps) else 0


def _verify_carrier(settings: Settings, arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import verify_carrier

    with _database(settings) as (effective_settings, _):
        results = asyncio.run(verify_carrier(effective_settings, call=arguments.call))
    for result in results:
        _print(result.line)
    return 0 if all(result.ok for result in results) else 1


def _reconcile(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import reconcile_numbers

    with _database(settings) as (effective_settings, _):
        report = asyncio.run(reconcile_numbers(effective_settings))
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
    with _database(settings) as (effective_settings, _):
        deployment = asyncio.run(run(effective_settings))
    _print(f"Deployment {deployment.name}")
    if deployment.is_copy:
        _print(COPY_ADVICE)
    return 1 if deployment.is_copy else 0


def _rotate_secrets(settings: Settings, _arguments: argparse.Namespace) -> int:
    from epoch.cli.commands import renew_stored_secrets

    with _database(settings) as (effective_settings, _):
        before, after = asyncio.run(renew_stored_secrets(effective_settings))
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

    with _database(settings) as (effective_settings, _):
        findings = asyncio.run(run_checks(effective_settings))
    for finding in findings:
        _print(finding.line)
    return 0 if all(finding.ok for finding in findings) else 1


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """The settings with the URL of a running database, and that URL; starts the embedded one if none is configured."""
    if settings.owner_url is not None:
        yield settings, settings.owner_url
        return
    from epoch.server.embedded_postgres import EmbeddedPostgres

    with EmbeddedPostgres(settings.data_dir / "postgres") as server:
        yield msgspec.structs.replace(settings, database_url=server.url), server.url


def _print(text: str) -> None:
    print(text, flush=True)


def _fail(status: int, message: str) -> int:
    print(f"epoch: {message}", file=sys.stderr, flush=True)
    return status


COMMANDS: Mapping[str, Command] = {
    "run": _run,
    "serve": _serve,
    "jobs": _jobs,
    "migrate": _migrate,
    "seed": _seed,
    "doctor": _doctor,
    "rotate-secrets": _rotate_secrets,
    "deployment": _deployment,
    "organization set-plan": _set_plan,
    "calls pause": _pause_calls,
    "calls resume": _resume_calls,
    "calls compare": _compare_calls,
    "staff add": _add_staff,
    "audit erase-person": _erase_person,
    "audit verify": _verify_audit_log,
    "carrier setup": _setup_carrier,
    "carrier verify": _verify_carrier,
    "carrier reconcile": _reconcile,
}
"""By the words of the command line."""
