"""Jinja environments with the settings that all packages' templates share."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def create_templates(folder: Path, **settings: Any) -> Environment:
    """An environment for the templates in ``folder``: with autoescape, and unknown names raise an error."""
    defaults: dict[str, Any] = {
        "loader": FileSystemLoader(folder),
        "autoescape": True,
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        # Otherwise Jinja checks the file of each template on each use.
        "auto_reload": False,
    }
    return Environment(**{**defaults, **settings})  # noqa: S701 - escaped by default, above
