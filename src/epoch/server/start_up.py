"""The supervisor lets a child process do the start-up steps, such as migrations: ``run_step`` and its messages.

So the supervisor, which then watches other processes for months, takes 37 MB instead of 175 (docs/decisions/0302). The
child of ``epoch run`` is its first worker, which has imported most of the program anyway. The child of ``epoch serve``
and ``epoch jobs`` ends after the steps, so that their workers do not keep Alembic in memory.
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
    """Install this release in the database."""
    CHECK_DATABASE = "check_database"
    """Refuse a database that does not fit the settings or that is not safe to use."""
    SET_UP_SANDBOX = "set_up_sandbox"
    """Configure the sandbox's account, and seed the demo. The result is lines about how to use the demo."""


class StepRequest(msgspec.Struct, frozen=True, tag="step"):
    """A line that the process reads: it asks for a step."""

    step: Step
    environ: dict[str, str]
    """Variables that the process's own environment lacks."""
    is_embedded: bool = False
    """True if the supervisor started the database itself."""


class ServeRequest(msgspec.Struct, frozen=True, tag="serve"):
    """A line that a worker reads: no step follows, and it has to serve now."""

    environ: dict[str, str]
    """Variables that the worker's own environment lacks."""


class ReplyKind(enum.StrEnum):
    """The kind of a line that the process writes. The last line of a step is not a ``MESSAGE``."""

    MESSAGE = "message"
    """A text for people while the step runs."""
    DONE = "done"
    REFUSED = "refused"
    """A setting is wrong; the text names it."""
    FAILED = "failed"
    """The step failed; the text says why."""


class StepReply(msgspec.Struct, frozen=True):
    """A line that the process writes."""

    kind: ReplyKind
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
    """Let ``child`` do ``step``; ``say`` gets its messages. Returns the step's result, which is empty for most steps.

    Raises:
        SettingsError: a setting is wrong.
        StartUpFailed: the step failed.
        ChildExited: the process ended, and has printed why.
    """
    await child.write_line(msgspec.json.encode(StepRequest(step, dict(environ), is_embedded)))
    while True:
        reply = _decode(await child.read_line())
        match reply.kind:
            case ReplyKind.MESSAGE:
                say(reply.text)
            case ReplyKind.DONE:
                return reply.text
            case ReplyKind.REFUSED:
                raise SettingsError(reply.text)
            case ReplyKind.FAILED:
                raise StartUpFailed(reply.text)
