"""Reads the sources of the guides (front matter, Markdown) and of the n8n workflow, and fills in public URL, version,
hash of phone.js and error tables.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from kit.version import VERSION
from widget.refusals import CALL, END, REFUSALS, REQUEST, Occasion

_PAGES = Path(__file__).parent / "pages"
GUIDES = (
    "widget-integration",
    "where-to-paste",
    "google-tag-manager",
    "wordpress",
    "shopify",
    "webflow",
    "wix",
    "squarespace",
    "cookie-consent",
    "frameworks",
    "webhooks",
    "zapier-make-n8n",
    "incoming-calls",
    "hubspot",
)
"""The guides' names, in the order of their menu; the first one is the complete reference."""
_FRONT_MATTER_FENCE = "---\n"
_PUBLIC_URL_PLACEHOLDER = "{{ public_url }}"
_VERSION_PLACEHOLDER = "{{ version }}"
_INTEGRITY_PLACEHOLDER = "{{ integrity }}"
_TABLE_PLACEHOLDERS = {"{{ refusals }}": REQUEST | CALL, "{{ ended_calls }}": END}
"""The occasions of the refusals that are rows of a table, by the table's placeholder."""


class Guide(NamedTuple):
    """A guide with its front matter."""

    name: str
    """The last part of its path."""
    title: str
    menu_title: str
    """The title in the menu of all guides."""
    version: str
    last_updated: date
    description: str
    tabs: str
    """The heading of the section whose subsections the page shows as tabs; empty for none."""
    drawings: Mapping[str, str]
    """SVG by the heading of the section at whose beginning the page shows it."""
    text: str
    """Markdown, without the front matter."""

    @property
    def path(self) -> str:
        """The page's path."""
        return f"/docs/{self.name}"

    @property
    def markdown_path(self) -> str:
        """The path of the guide as Markdown."""
        return f"{self.path}/llm.md"


def read_guide(name: str, public_url: str, integrity: str) -> Guide:
    """Read the guide in ``pages/<name>.md``; its links start with ``public_url``.

    ``integrity`` is the hash of this version's phone.js, for the script tag that is pinned to the version.

    Raises:
        KeyError: the front matter lacks a field.
        ValueError: there is no front matter, or its date is invalid.
    """
    source = (_PAGES / f"{name}.md").read_text(encoding="utf-8")
    values = {
        _PUBLIC_URL_PLACEHOLDER: public_url,
        _VERSION_PLACEHOLDER: VERSION,
        _INTEGRITY_PLACEHOLDER: integrity,
        **{placeholder: refusal_rows(occasions) for placeholder, occasions in _TABLE_PLACEHOLDERS.items()},
    }
    for placeholder, value in values.items():
        source = source.replace(placeholder, value)
    before, front, text = source.split(_FRONT_MATTER_FENCE, 2)
    if before:
        raise ValueError(f"{name}.md does not begin with its front matter")
    fields = _fields(front)
    return Guide(
        name=name,
        title=fields["title"],
        menu_title=fields["menu"],
        version=fields["version"],
        last_updated=date.fromisoformat(fields["last_updated"]),
        description=fields["description"],
        tabs=fields.get("tabs", ""),
        drawings={fields["drawing"]: _drawing(name)} if "drawing" in fields else {},
        text=text,
    )


def read_n8n_workflow(public_url: str) -> str:
    """The workflow that customers import into n8n, as JSON; its requests go to ``public_url``."""
    return (_PAGES / "n8n-workflow.json").read_text(encoding="utf-8").replace(_PUBLIC_URL_PLACEHOLDER, public_url)


def _drawing(name: str) -> str:
    return (_PAGES / f"{name}.svg").read_text(encoding="utf-8")


def refusal_rows(occasions: frozenset[Occasion]) -> str:
    """The Markdown rows of the refusals with one of ``occasions``: sentence, code and advice."""
    return "\n".join(
        f"| `{row.message}` | `{row.code}` | {row.advice.removesuffix('.')} |"
        for row in REFUSALS.values()
        if row.occasions & occasions
    )


def as_markdown(guide: Guide, *, url: str) -> str:
    """The guide as Markdown for programs; ``url`` is that of its page."""
    front = (
        f"title: {guide.title}",
        f"version: {guide.version}",
        f"last_updated: {guide.last_updated.isoformat()}",
        f"url: {url}",
        f"raw_markdown_url: {url}/llm.md",
    )
    return "\n".join(("---", *front, "---", "", guide.text.lstrip("\n")))


def _fields(front: str) -> Mapping[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in front.splitlines())}
