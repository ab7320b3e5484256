"""``python -m epoch`` is the command ``epoch``."""

import sys

from epoch.cli.main import program

sys.exit(program())
