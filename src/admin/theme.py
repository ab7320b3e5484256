"""How the back office looks: like the customers' pages, whose templates, files and headers it is given."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Look(NamedTuple):
    """What the pages of the product share."""

    templates: Path
    filters: Mapping[str, Callable[..., Any]]
    words: Mapping[str, Any]
    """What those templates use by name."""
    headers: Mapping[str, str]
    assets: Mapping[str, str]
    """Built file names by their plain ones."""
