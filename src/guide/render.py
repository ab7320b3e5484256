"""Renders a guide's Markdown as HTML: anchored headings, code examples to copy, responsive tables, tabs, drawings."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from kit.slugs import slugify

_HEADING_TAGS = ("h2", "h3")
_CODE_COLUMN = "Code"
"""The column whose cells become the anchors of their rows: the phone's messages in the console link to them."""
# An element with the text or with the name of an example.
_EXAMPLE = re.compile(r'(<(?P<tag>code|figcaption) id="example-[^>]*>)(.*?)(</(?P=tag)>)', re.DOTALL)
# The narrow layout shows tables as blocks, which hides their roles from screen readers; these restore them.
_ARIA_ROLES = {
    "table_open": "table",
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}


class Heading(NamedTuple):
    """An entry of the table of contents, with its subheadings."""

    anchor: str
    text: str
    children: "list[Heading]"


class RenderedMarkdown(NamedTuple):
    """The parts of a rendered document."""

    body: str
    """Safe HTML."""
    contents: Sequence[Heading]

    def with_examples(self, replacements: Mapping[str, str]) -> str:
        """The body with ``replacements`` made in its examples, not in other text."""
        if not replacements:
            return self.body
        escaped = {str(escape(old)): str(escape(new)) for old, new in replacements.items()}
        # The longest placeholder first, because one may be the beginning of another.
        placeholder = re.compile("|".join(re.escape(old) for old in sorted(escaped, key=len, reverse=True)))

        def replace_in(example: re.Match[str]) -> str:
            return example[1] + placeholder.sub(lambda found: escaped[found[0]], example[3]) + example[4]

        return _EXAMPLE.sub(replace_in, self.body)


def render_markdown(text: str, *, tabs: str = "", drawings: Mapping[str, str] | None = None) -> RenderedMarkdown:
    """Render ``text``. Raw HTML in it is shown as text; headings get the same anchors as in other Markdown tools.

    The subsections of the section ``tabs`` are put into containers, which a script shows as tabs. ``drawings`` are
    trusted SVG, by the heading of the section at whose beginning they are shown.

    Raises:
        ValueError: a section does not exist, or that of ``tabs`` has no subsections.
    """
    return _render(text, tabs, tuple((drawings or {}).items()))


# Cached, because the applications of one process have the same guides.
@functools.lru_cache(maxsize=32)
def _render(text: str, tabs: str, drawing_of_section: tuple[tuple[str, str], ...]) -> RenderedMarkdown:
    drawings = dict(drawing_of_section)
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse(text)
    contents = _anchor_headings(tokens)
    _describe_cells(tokens)
    if tabs:
        tokens = _with_tabs(tokens, tabs)
    if not drawings.keys() <= {heading.text for heading in contents}:
        raise ValueError(f"no section {', '.join(drawings)} for a drawing")
    body: str = markdown.renderer.render(tokens, markdown.options, {"drawings": drawings})
    return RenderedMarkdown(body, contents)


class _Renderer(RendererHTML):
    """markdown-it's renderer, changed for code examples and headings."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Render an example. Its name follows the language in the fence's first line."""
        token = tokens[idx]
        language, _, name = token.info.strip().partition(" ")
        example = Markup(
            '<figure class="example"><figcaption id="example-{n}-name">{name}</figcaption>'
            '<button class="button" type="button" data-copy="example-{n}" aria-describedby="example-{n}-name" hidden>'
            'Copy</button><pre tabindex="0" role="region" aria-labelledby="example-{n}-name">'
            '<code id="example-{n}" data-language="{language}">{code}</code></pre></figure>\n'
        )
        return example.format(n=idx, name=name or language, language=language, code=token.content)

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Render the end of a heading, with a link to the heading and the drawing of its section."""
        anchor, text = tokens[idx].meta.get("anchor"), tokens[idx].meta.get("text")
        drawing = env.get("drawings", {}).get(text, "")
        link = Markup(' <a class="anchor" href="#{}" aria-label="Link to {}">#</a>').format(anchor, text)
        figure = f'<div class="drawing">{drawing}</div>\n' if drawing else ""
        return f"{link if anchor else ''}</{tokens[idx].tag}>\n{figure}"


def _anchor_headings(tokens: Sequence[Token]) -> list[Heading]:
    contents: list[Heading] = []
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "heading_open" or opening.tag not in _HEADING_TAGS:
            continue
        text = "".join(child.content for child in inline.children or ())
        heading = Heading(slugify(text), text, [])
        opening.attrSet("id", heading.anchor)
        closing.meta.update(anchor=heading.anchor, text=text)
        (contents if opening.tag == _HEADING_TAGS[0] else contents[-1].children).append(heading)
    return contents


def _with_tabs(tokens: Sequence[Token], section: str) -> list[Token]:
    """Put each subsection of ``section`` into a container, and all of them into another."""
    result: list[Token] = []
    is_inside = has_tabs = False
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.tag in _HEADING_TAGS:
            if has_tabs:
                result.append(Token("tab_close", "section", -1, block=True))
            if token.tag == _HEADING_TAGS[0]:
                if has_tabs:
                    result.append(Token("tabs_close", "div", -1, block=True))
                is_inside, has_tabs = following is not None and following.content == section, False
            elif is_inside:
                if not has_tabs:
                    result.append(_opening("tabs_open", "div", {"class": "tabs", "data-tabs": section}))
                has_tabs = True
                anchor = str(token.attrGet("id"))
                result.append(_opening("tab_open", "section", {"class": "tab", "aria-labelledby": anchor}))
        result.append(token)
    if has_tabs or not any(token.type == "tabs_open" for token in result):
        raise ValueError(f"no section {section} with subsections, followed by another section")
    return result


def _opening(kind: str, tag: str, attributes: Mapping[str, str | int | float]) -> Token:
    return Token(kind, tag, 1, attrs=dict(attributes), block=True)


def _describe_cells(tokens: Sequence[Token]) -> None:
    """Set the ARIA roles of tables, the column name of each cell, and the anchor of each row of a table of codes."""
    columns: list[str] = []
    cell = 0
    row = tokens[0] if tokens else None
    for index, token in enumerate(tokens):
        if role := _ARIA_ROLES.get(token.type):
            token.attrSet("role", role)
        if token.type == "table_open":
            columns = []
        elif token.type == "tr_open":
            cell, row = 0, token
        elif token.type == "th_open":
            columns.append(tokens[index + 1].content.replace("`", ""))
        elif token.type == "td_open":
            token.attrSet("data-label", columns[cell])
            if columns[cell] == _CODE_COLUMN and row is not None:
                row.attrSet("id", tokens[index + 1].content.strip("`"))
            cell += 1
