"""Jinja environments with the settings that every room's templates share."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def create_templates(folder: Path, **settings: Any) -> Environment:
    """An environment for the templates in ``folder``: escaped, and an unknown name is an error."""
    defaults: dict[str, Any] = {
        "loader": FileSystemLoader(folder),
        "autoescape": True,
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        # Else each part of each page is looked up on the disk.
        "auto_reload": False,
    }
    return Environment(**{**defaults, **settings})  # noqa: S701 - escaped by default, above
