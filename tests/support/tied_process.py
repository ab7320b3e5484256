"""Starts a program that is told to stop when the process that started it dies, however it dies.

``python tied_process.py PROGRAM ARGUMENT...`` becomes the program. Only Linux has such a tie; elsewhere the program
runs without it.
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
        if os.getppid() != starter:  # it died before the tie was made
            sys.exit(1)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the argument list is the tests' own
