"""Starts a program that gets SIGTERM when its parent process ends, even if the parent is killed.

``python tied_process.py PROGRAM ARGUMENT...`` replaces itself with the program. Only Linux supports this; on other
systems the program runs without it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        starter = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != starter:  # the parent ended before prctl was called
            sys.exit(1)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the argument list is the tests' own
