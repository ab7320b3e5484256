"""Names the failures of jobs for logs and the back office, without texts that may contain somebody's data."""

import errno
import os

_OF_THE_MACHINE = frozenset({errno.EACCES, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EROFS})
"""Full disks, missing permissions, too many open files: the machine's own fault, whatever the job was about."""


def failure_name(error: Exception) -> str:
    """The error's class, and the reason where it is the machine's fault, such as a full disk."""
    name = type(error).__name__
    number = error.errno if isinstance(error, OSError) else None
    return f"{name}: {os.strerror(number)}" if number in _OF_THE_MACHINE else name
