"""Names the failures of jobs for logs and the back office, without error texts, which may contain personal data."""

import errno
import os

_MACHINE_ERRORS = frozenset({errno.EACCES, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EROFS})
"""Errors of the machine, not of the job: full disks, missing permissions, too many open files."""


def failure_name(error: Exception) -> str:
    """The error's class; for errors of the machine also the reason, such as a full disk."""
    name = type(error).__name__
    number = error.errno if isinstance(error, OSError) else None
    return f"{name}: {os.strerror(number)}" if number in _MACHINE_ERRORS else name
