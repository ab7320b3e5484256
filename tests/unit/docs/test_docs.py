"""Checks the documentation against the repository: links, paths, commands, decision numbers and generated blocks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#[\w-]+)?\)")
IN_BACKQUOTES = re.compile(r"`([^`\n]+)`")
FOLDERS = ("src", "tests", "frontend", "docs", "tools", "bench", "alembic", "integrations", "deploy")
MADE_BY_INSTALLING = (".venv/", ".cache/", ".local/", "frontend/dist/")
MAX_PICTURE_BYTES = 200_000
MAX_CHANGELOG_LINE = 242
"""Characters, with the dash: a longer line describes more than one change, or how it works."""
SECTIONS = ["Context", "Decision", "Consequences"]


def without_code_blocks(path: Path) -> str:
    return re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)


def paths_in(text: str) -> list[str]:
    """Paths of the repository in back quotes or in diagrams: words that begin with one of its folders."""
    quoted = [*IN_BACKQUOTES.findall(text), *re.findall(r"participant \w+ as (.+)", text)]
    words = [word for words in quoted for word in words.split()]
    return [word for word in words if word.split("/")[0] in FOLDERS and "/" in word]


def exists(path: str) -> bool:
    """True if the file is there and, behind ``::``, contains the test."""
    file, _, test = path.partition("::")
    if not test:
        return (ROOT / file).exists()
    return (ROOT / file).is_file() and f"def {test}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("page", [*PAGES, *RECORDS, DECISIONS / "README.md"], ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text()) if link and not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_path_in_back_quotes_exists(page: Path) -> None:
    """Of a pattern, the folder before its first star; of a test, its file and its name."""
    missing = [
        path
        for path in paths_in(page.read_text())
        if not path.startswith(MADE_BY_INSTALLING) and not exists(path.split("*")[0].rstrip("/"))
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    named = {
        word for quoted in IN_BACKQUOTES.findall(page.read_text()) for word in re.findall(r"^make ([a-z-]+)$", quoted)
    }
    assert named - targets == set()


def test_every_decision_that_is_named_exists() -> None:
    numbers = {path.name[:4] for path in RECORDS}
    named = re.compile(r"(?:\b[Dd]ecision |decisions/)(\d{4})\b")
    sources = [
        *PAGES,
        *RECORDS,
        ROOT / "tools" / "setup",
        *(path for folder in ("src", "tests", "bench") for path in (ROOT / folder).rglob("*.py")),
        *(path for path in (ROOT / "frontend").glob("*.js")),
        *(path for path in (ROOT / "frontend" / "phone").rglob("*.js")),
    ]
    unknown = {(str(path.relative_to(ROOT)), number) for path in sources for number in named.findall(path.read_text())}
    assert {found for found in unknown if found[1] not in numbers} == set()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name[:4])
def test_a_decision_record_has_the_format(record: Path) -> None:
    text = record.read_text()
    head = re.match(
        r"# (\d{4}) [A-Z][^\n]+\n\n- Status: (Accepted|Superseded)[^\n]*\n- Date: \d{4}-\d\d-\d\d\n- Topic: ", text
    )
    assert head is not None
    assert head[1] == record.name[:4]
    assert re.findall(r"(?m)^## (.+)$", text) == SECTIONS


def test_a_superseded_decision_and_its_successor_link_to_each_other() -> None:
    statuses = {record.name: re.findall(r"(?m)^- Status: (.+)$", record.read_text())[0] for record in RECORDS}
    for name, status in statuses.items():
        if "uperseded by" in status:
            successors = LINK.findall(status)
            assert successors, name
            assert all(name in (DECISIONS / successor).read_text() for successor in successors)


def test_no_two_decisions_have_one_number() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert sorted(set(numbers)) == numbers


def test_the_readme_fits_its_limit() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130


def test_the_changelog_has_one_line_for_each_change() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    lines = text.split("## Unreleased", 1)[1].splitlines()
    heading = re.compile(
        r"## \d+\.\d+\.\d+ - \d{4}-\d\d-\d\d|### (Added|Changed|Deprecated|Removed|Fixed|Security)|\*\*[^*]+\*\*"
    )
    others = [line for line in lines if line and not line.startswith("- ") and not heading.fullmatch(line)]
    assert others == []
    assert [line for line in lines if len(line) > MAX_CHANGELOG_LINE] == []


def test_every_picture_is_small_and_used() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    used = "".join(page.read_text() for page in PAGES)
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > MAX_PICTURE_BYTES] == []
    assert [path.name for path in pictures if f"images/{path.name}" not in used] == []


@pytest.mark.slow
def test_the_generated_blocks_are_up_to_date() -> None:
    """In a process of its own: the models of the whole application are imported."""
    argv = [sys.executable, str(ROOT / "tools" / "make_docs.py"), "--check"]
    result = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
