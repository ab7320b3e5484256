"""``Theme``: the templates, filters, headers and files of the customers' pages that the back office reuses."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Theme(NamedTuple):
    """Templates, filters, headers and files of the customers' pages; the composition root makes it."""

    templates: Path
    filters: Mapping[str, Callable[..., Any]]
    globals: Mapping[str, Any]
    """Jinja globals that the templates need."""
    headers: Mapping[str, str]
    assets: Mapping[str, str]
    """File names with a hash, by source name."""
