"""Parses the links, forms and tags of an HTML page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class FoundForm:
    """A form with the values that a browser would send without any input."""

    method: str
    action: str
    """Empty when the form is sent to the page's own path."""
    fields: dict[str, str] = field(default_factory=dict)
    """Values by the names of the fields."""
    typed: set[str] = field(default_factory=set)
    """Names of the visible fields."""
    choices: set[str] = field(default_factory=set)
    """Names of the visible fields with fixed choices."""


class ParsedPage(HTMLParser):
    """Parses ``text``; ``links`` and ``forms`` are in the order of the page.

    Forms in dialogs are left out, because a script opens them and sets their action.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[FoundForm] = []
        self.tags: list[str] = []
        self._form: FoundForm | None = None
        self._in_dialog = False
        self._select = self._textarea = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.links += [has[name] for name in ("href", "src") if name in has]
        if tag == "dialog":
            self._in_dialog = True
        elif tag == "form" and not self._in_dialog:
            self._form = FoundForm(has.get("method", "get"), has.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "option" and self._select and ("selected" in has or not self._form.fields[self._select]):
            self._form.fields[self._select] = has.get("value", "")
        elif name := has.get("name", ""):
            self._take(tag, name, has, self._form)

    def _take(self, tag: str, name: str, has: dict[str, str], form: FoundForm) -> None:
        kind = has.get("type", "text")
        if tag == "input" and (kind not in {"radio", "checkbox"} or "checked" in has):
            form.fields[name] = has.get("value", "")
        if tag in {"select", "textarea"}:
            form.fields[name] = ""
            self._select, self._textarea = (name, "") if tag == "select" else ("", name)
        if tag != "button" and kind != "hidden":
            form.fields.setdefault(name, "")
            form.typed.add(name)
        if tag == "select" or kind in {"radio", "checkbox"}:
            form.choices.add(name)

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._form is not None and self._textarea:
            # As in browsers, a line break directly after the start tag is not part of the text.
            self._form.fields[self._textarea] = self._form.fields[self._textarea].removeprefix("\n")
        if tag == "form":
            self._form = None
        elif tag == "dialog":
            self._in_dialog = False
        if tag in {"form", "select", "textarea"}:
            self._select = self._textarea = ""
