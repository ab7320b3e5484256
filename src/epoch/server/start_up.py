"""Steps of a start that need the whole program, done by a child process for the supervisor.

So the supervisor, which then watches other processes for months, takes 37 MB instead of 175 (docs/decisions/0302). The
child of ``epoch run`` is its first worker, which has imported most of the program anyway; that of ``epoch serve`` and
``epoch jobs`` ends with the steps, because Alembic would stay in their workers.
"""

import enum
from collections.abc import Callable, Mapping

import msgspec

from epoch.server.child_processes import ChildProcess
from kit.environment import SettingsError

START_UP_NAME = "start-up process"
START_UP_MODULE = "epoch.server.start_up_process"


class Step(enum.StrEnum):
    """A step of a start."""

    ENSURE_SCHEMA = "ensure_schema"
    """Refuse a database with another version's schema."""
    INSTALL_RELEASE = "install_release"
    """Bring the database to this release."""
    CHECK_DATABASE = "check_database"
    SET_UP_SANDBOX = "set_up_sandbox"
    """Configure the sandbox's account, and fill the demo. The result is lines about how to use the demo."""


class StepRequest(msgspec.Struct, frozen=True, tag="step"):
    """A line that the process reads: do a step."""

    step: Step
    environ: dict[str, str]
    """Variables that the process's own environment lacks."""
    is_embedded: bool = False
    """True if the supervisor started the database itself."""


class ServeRequest(msgspec.Struct, frozen=True, tag="serve"):
    """A line that a worker reads: no step follows, serve."""

    environ: dict[str, str]
    """Variables that the worker's own environment lacks."""


class Outcome(enum.StrEnum):
    """The kind of a line that the process writes. Each step ends with one that is not ``SAID``."""

    SAID = "said"
    DONE = "done"
    REFUSED = "refused"
    """A setting is wrong."""
    FAILED = "failed"


class StepReply(msgspec.Struct, frozen=True):
    """A line that the process writes."""

    outcome: Outcome
    text: str = ""


class StartUpFailed(Exception):
    """A step failed; the message says why. A bug instead ends the process with a traceback."""


_decode = msgspec.json.Decoder(StepReply).decode


async def run_step(
    child: ChildProcess,
    step: Step,
    say: Callable[[str], None],
    *,
    environ: Mapping[str, str],
    is_embedded: bool = False,
) -> str:
    """Let ``child`` do ``step``; pass on what it says meanwhile. Returns the step's result, empty for most of them.

    Raises:
        SettingsError: a setting is wrong.
        StartUpFailed: the step failed.
        ChildExited: the process ended, and has printed why.
    """
    await child.write_line(msgspec.json.encode(StepRequest(step, dict(environ), is_embedded)))
    while True:
        reply = _decode(await child.read_line())
        match reply.outcome:
            case Outcome.SAID:
                say(reply.text)
            case Outcome.DONE:
                return reply.text
            case Outcome.REFUSED:
                raise SettingsError(reply.text)
            case Outcome.FAILED:
                raise StartUpFailed(reply.text)
