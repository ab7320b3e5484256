"""Docstrings, JSDoc comments, other comments and headings of guides do not begin with a question word."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
QUESTION_WORDS = r"(?:How|What|When|Where|Whether|Which|Who|Whom|Whose|Why)\b"
SUFFIXES = {".js", ".mjs", ".ts"}
SCRIPTS = (
    "frontend/*.*",
    "frontend/pages/**/*.*",
    "frontend/phone/**/*.*",
    "frontend/sdk/*.*",
    "frontend/tests/*.*",
    "frontend/tests/[!s]*/*.*",  # salesforce/ has packages of its own
    "frontend/tests/support/*.*",
    "frontend/tests/salesforce/*.*",
    "integrations/**/*.*",
    "packages/*/*.*",
    "packages/*/[es]*/**/*.*",  # examples, src and samples, and nothing that is built
)
GUIDES = ROOT / "src" / "guide" / "pages"
LINKED_HEADINGS = ("Where the panel is", "What the phone remembers", "Who called", "Who is called")
TAG = r"@(?:param|property|returns)\s+\{.*\}\s+(?:\[?[a-z]\w*\]?\s+)?"
COMMENT_QUESTION = re.compile(r"^\s*(?:#|//) (?:How|What|Where|Whether|Which|Who|Whose|Why) .*")
"""``When`` is left out: a comment may begin with a condition."""
JSDOC_QUESTION = re.compile(rf"(?:/\*\*\s*(?:\*\s*)?(?:{TAG})?|\*\s+{TAG}){QUESTION_WORDS}.*")


def docstrings(text: str) -> Iterator[str]:
    """Docstrings of modules, classes and functions, and those behind a constant or a field."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


@pytest.mark.parametrize("folder", ["alembic", "bench", "deploy", "packages", "src", "tests", "tools"])
def test_no_docstring_begins_as_a_question(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    questions = [
        f"{file.relative_to(ROOT)}: {text}"
        for file in files
        for text in docstrings(file.read_text(encoding="utf-8"))
        if re.match(rf"\s*{QUESTION_WORDS}", text)
    ]
    assert questions == []


def test_no_jsdoc_comment_begins_as_a_question() -> None:
    sources = sorted(
        file for pattern in SCRIPTS for file in ROOT.glob(pattern) if file.suffix in {".js", ".mjs", ".ts"}
    )
    assert ROOT / "frontend" / "phone.js" in sources
    questions = [
        f"{file.relative_to(ROOT)}: {found[0]}"
        for file in sources
        for found in JSDOC_QUESTION.finditer(file.read_text(encoding="utf-8"))
    ]
    assert questions == []


def comment_questions(text: str) -> Iterator[str]:
    """The first lines of comments that begin as a question; further lines of a comment may begin with any word."""
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if COMMENT_QUESTION.match(line) and not before.lstrip().startswith(("#", "//")):
            yield line.strip()


@pytest.mark.parametrize("pattern", ["src/**/*.py", "tests/**/*.py", "bench/*.py", "tools/*.py", *SCRIPTS])
def test_no_other_comment_begins_as_a_question(pattern: str) -> None:
    files = [file for file in sorted(ROOT.glob(pattern)) if file.suffix in {".py", *SUFFIXES}]
    assert files
    questions = [
        f"{file.relative_to(ROOT)}: {question}"
        for file in files
        for question in comment_questions(file.read_text(encoding="utf-8"))
    ]
    assert questions == []


def test_no_heading_of_a_guide_begins_as_a_question() -> None:
    headings = {
        f"{file.name}: {found[1]}"
        for file in GUIDES.glob("*.md")
        for found in re.finditer(rf"(?m)^(?:#+|title: Epoch Voice —|menu:) ({QUESTION_WORDS}.*)", file.read_text())
    }
    # Their anchors are linked from pages of others.
    assert headings == {f"widget-integration.md: {text}" for text in LINKED_HEADINGS}


@pytest.mark.parametrize(
    ("comment", "is_question"),
    [
        ("/** Whether it is open. */", True),
        ("/**\n * Whether it is open.\n */", True),
        ("/**\n * The name.\n * @param {string} name What it is called.\n */", True),
        ("/** @returns {boolean} Whether it is open. */", True),
        ("/** @property {boolean} [isOpen] Whether it is open. */", True),
        ("/** True if it is open. */", False),
        ("/**\n * The name.\n * @param {() => void} show Shows it. What follows waits.\n */", False),
    ],
)
def test_questions_in_comments_are_found(comment: str, is_question: bool) -> None:
    assert bool(JSDOC_QUESTION.search(comment)) == is_question
