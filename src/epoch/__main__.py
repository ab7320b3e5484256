"""``python -m epoch`` is the command ``epoch``."""

import sys

from epoch.cli import main

sys.exit(main())
