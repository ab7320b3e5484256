"""The child process that does start-up steps, such as migrations, which the supervisor requests by standard input.

It is a worker or a separate program, which ends with its input. ``start_up.py`` is the supervisor's side. Imports are
late so that a start loads only what its steps need.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from epoch.cli.expected_failures import describe_failure
from epoch.server.start_up import ReplyKind, ServeRequest, Step, StepReply, StepRequest
from kit.environment import SettingsError
from kit.garbage_collection import raise_collection_thresholds
from kit.log import configure_logging
from kit.settings import Settings, load_settings

_STDOUT, _STDERR = 1, 2
_decode = msgspec.json.Decoder(StepRequest | ServeRequest).decode


def main() -> None:
    """Do the steps until the input ends; a bug ends the process with its traceback."""
    raise_collection_thresholds()
    with open_replies() as replies:
        do_steps(replies)


@contextlib.contextmanager
def open_replies() -> Iterator[BinaryIO]:
    """Yield the standard output for replies to the supervisor; other prints go to standard error meanwhile."""
    with os.fdopen(os.dup(_STDOUT), "wb", buffering=0) as replies:
        os.dup2(_STDERR, _STDOUT)
        yield replies


def do_steps(replies: BinaryIO) -> ServeRequest | None:
    """Do the steps that standard input asks for. Returns the request to serve, or None when the input ends."""
    # Not with ``load_settings``: a wrong setting is reported by the step that loads them.
    configure_logging(json=os.environ.get("EPOCH_ENV") == "production")
    while line := sys.stdin.buffer.readline():
        request = _decode(line)
        if isinstance(request, ServeRequest):
            return request
        _answer(request, replies)
    return None


def _answer(request: StepRequest, replies: BinaryIO) -> None:
    def reply(kind: ReplyKind, text: str = "") -> None:
        replies.write(msgspec.json.encode(StepReply(kind, text)) + b"\n")

    try:
        result = _do_step(request, lambda text: reply(ReplyKind.MESSAGE, text))
    except SettingsError as error:
        reply(ReplyKind.REFUSED, str(error))
    except Exception as error:
        reply(ReplyKind.FAILED, describe_failure(error))
    else:
        reply(ReplyKind.DONE, result)


def _do_step(request: StepRequest, say: Callable[[str], None]) -> str:
    settings = load_settings({**os.environ, **request.environ})
    match request.step:
        case Step.ENSURE_SCHEMA:
            from epoch.migrations import ensure_current

            ensure_current(_url_of(settings))
        case Step.INSTALL_RELEASE:
            from epoch.release import install_release

            install_release(_url_of(settings), say, is_production=settings.is_production)
        case Step.CHECK_DATABASE:
            asyncio.run(_check_database(settings, say, is_embedded=request.is_embedded))
        case Step.SET_UP_SANDBOX:
            return asyncio.run(_set_up_sandbox(settings))
    return ""


def _url_of(settings: Settings) -> str:
    if settings.owner_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    return settings.owner_url


async def _check_database(settings: Settings, say: Callable[[str], None], *, is_embedded: bool) -> None:
    from epoch.replica_check import ensure_replica_fits
    from epoch.server.start_up_checks import ensure_connections_fit, ensure_safe

    await ensure_connections_fit(settings, say)
    await ensure_replica_fits(settings, say)
    await ensure_safe(settings, is_embedded=is_embedded)


async def _set_up_sandbox(settings: Settings) -> str:
    from epoch.cli.carrier_setup import SetupOptions
    from epoch.cli.commands import setup_carrier
    from epoch.cli.seed import describe_demo, seed_demo

    await setup_carrier(settings, SetupOptions(owns_account=True))
    return describe_demo((await seed_demo(settings)).accounts, settings.public_url)


if __name__ == "__main__":
    main()
