"""The customers' guides: complete, correct, with working links and examples."""

import base64
import hashlib
import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.parsers import expat

import httpx
import pytest
from litestar import Litestar

from calls.greetings.errors import CallNotConnected, NoVoicemailGreeting
from conftest import PUBLIC_URL, ROOT
from guide.controllers import guide_router
from guide.guide_source import GUIDES
from kit.http.app_key import SETTINGS
from kit.settings import load_settings
from kit.version import VERSION
from support.asgi import asgi_transport
from widget.refusals import CALL, END, REFUSALS, REQUEST, Occasion

pytestmark = pytest.mark.anyio

PAGE = "/docs/widget-integration"
RAW = f"{PAGE}/llm.md"
FRONTEND = ROOT / "frontend"
EXAMPLE = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EVENT_SOURCES = ("core.js", "api.js", "error-log.js", "call/call-events.js", "lazy/outcomes.js")
EACH_GUIDE = pytest.mark.parametrize("name", GUIDES)
NOT_OURS = {
    "type",
    "class",
    "async",
    "defer",
    "integrity",
    "crossorigin",
    "data-category",
    "data-cfasync",
    "data-no-optimize",
    "data-noptimize",
}
"""Attributes of our tag in the examples that other programs read."""
MICROPHONE = {"microphone_denied", "microphone_not_found", "microphone_in_use", "microphone_blocked", "insecure_page"}


COMPILED = {"python", "jsx", "vue", "svelte", "typescript", "liquid", "php"}


class Example(NamedTuple):
    language: str
    name: str
    code: str


@pytest.fixture
async def page(client: httpx.AsyncClient) -> str:
    return (await client.get(PAGE)).text


@pytest.fixture
async def raw(client: httpx.AsyncClient) -> str:
    return (await client.get(RAW)).text


def examples_of(raw: str) -> list[Example]:
    return [Example(*found) for found in EXAMPLE.findall(raw)]


def front_matter(raw: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+): (.+)$", raw.split("---\n")[1], re.MULTILINE))


def rows_of(raw: str, heading: str) -> list[list[str]]:
    """The cells of the table below ``heading``, without its head."""
    section = re.split(r"^#+ ", raw.split(f"\n{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names_in(cell: str) -> set[str]:
    return {re.split(r"\W", name, maxsplit=1)[0] for name in re.findall(r"`([^`]+)`", cell)}


def browser_of(public_url: str) -> httpx.AsyncClient:
    settings = load_settings({"EPOCH_PUBLIC_URL": public_url, "EPOCH_SECRET_KEY": "k" * 32})
    assets = {name: name for name in ("guide.js", "guide.css", "icon.svg")}
    app = Litestar([guide_router(settings, assets, "sha384-of-phone-js")], openapi_config=None)
    SETTINGS.set(app, settings)
    return httpx.AsyncClient(transport=asgi_transport(app), base_url=public_url)


async def test_the_guide_is_a_page_for_people_and_markdown_for_programs(client: httpx.AsyncClient) -> None:
    page, raw, index = [await client.get(path) for path in (PAGE, RAW, "/llms.txt")]
    assert [answer.status_code for answer in (page, raw, index)] == [200, 200, 200]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert raw.headers["content-type"] == "text/markdown; charset=utf-8"
    assert index.headers["content-type"] == "text/plain; charset=utf-8"
    assert index.text.startswith("# Epoch Voice\n")
    for address in (*(f"/docs/{name}/llm.md" for name in GUIDES), "/schema", "/plans"):
        assert f"({PUBLIC_URL}{address})" in index.text
    # Each page has the menu of all.
    for name in GUIDES:
        other = (await client.get(f"/docs/{name}")).text
        menu = re.findall(r'<li><a href="(/docs/[^"]+)"( aria-current="page")?>', other)
        assert [path for path, _ in menu] == [f"/docs/{one}" for one in GUIDES]
        assert [path for path, is_here in menu if is_here] == [f"/docs/{name}"]


@EACH_GUIDE
async def test_each_table_is_well_formed(client: httpx.AsyncClient, name: str) -> None:
    raw = (await client.get(f"/docs/{name}/llm.md")).text
    text = re.sub(r"^```.*?^```", "", raw, flags=re.DOTALL | re.MULTILINE)
    assert [line for line in text.splitlines() if line.startswith("|") and not line.endswith("|")] == []
    # Names of columns, which narrow screens show, are plain text.
    assert "`" not in "".join(re.findall(r'data-label="(.*?)"', (await client.get(f"/docs/{name}")).text))


@EACH_GUIDE
async def test_both_come_from_one_source(client: httpx.AsyncClient, name: str) -> None:
    page, raw = [(await client.get(path)).text for path in (f"/docs/{name}", f"/docs/{name}/llm.md")]
    shown = re.findall(r'<code id="example-\d+" data-language="(\w+)">(.*?)</code>', page, re.DOTALL)
    examples = examples_of(raw)
    assert len(examples) > (15 if name == "widget-integration" else 0)
    assert [(language, html.unescape(code)) for language, code in shown] == [
        (example.language, example.code) for example in examples
    ]
    headings = re.findall(r"^##+ (.+)$", EXAMPLE.sub("", raw), re.MULTILINE)
    assert re.findall(r"<h[23] id=[^>]+>(.*?) <a ", page) == headings
    assert len(re.findall(r"<tr ", page)) == len(re.findall(r"^\|(?! ?---)", raw, re.MULTILINE))


async def test_the_recipes_stand_in_containers_that_can_be_tabs(page: str, raw: str) -> None:
    recipes = raw.split("\n## CRM recipes\n")[1].split("\n## ", maxsplit=1)[0]
    titles = re.findall(r"^### (.+)$", EXAMPLE.sub("", recipes), re.MULTILINE)
    assert len(titles) >= 5
    inside = page.split('<div class="tabs" data-tabs="CRM recipes">')[1].split("<h2 ", maxsplit=1)[0]
    named = re.findall(r'<section class="tab" aria-labelledby="([^"]+)">\s*<h3 id="([^"]+)">(.*?) <a', inside)
    assert [title for _, _, title in named] == titles
    assert all(label == anchor for label, anchor, _ in named)
    # Without a script everything can be read: nothing is hidden but what only a script can do.
    assert set(re.findall(r"<(\w+)[^>]* hidden", page)) == {"button"}


@EACH_GUIDE
async def test_the_front_matter_says_where_the_guide_stands(client: httpx.AsyncClient, name: str) -> None:
    path = f"/docs/{name}"
    page, raw = [(await client.get(one)).text for one in (path, f"{path}/llm.md")]
    fields = front_matter(raw)
    assert list(fields) == ["title", "version", "last_updated", "url", "raw_markdown_url"]
    assert fields["url"] == PUBLIC_URL + path
    assert fields["raw_markdown_url"] == f"{PUBLIC_URL}{path}/llm.md"
    assert f"<title>{fields['title']}</title>" in page
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", fields["last_updated"])
    assert f'<time datetime="{fields["last_updated"]}">' in page
    assert f"Version {fields['version']}," in page


@EACH_GUIDE
async def test_addresses_follow_the_public_url(name: str) -> None:
    address = "https://phone.example.org"
    async with browser_of(address) as visitor:
        texts = [(await visitor.get(path)).text for path in (f"/docs/{name}", f"/docs/{name}/llm.md", "/llms.txt")]
    for text in texts:
        assert address in text
        assert "{{" not in text
        assert "localhost:8000" not in text
        assert "epochdm" not in text
    tags = [code for language, _, code in examples_of(texts[1]) if language == "html" and "<script" in code]
    for tag in tags:
        sources = re.findall(r'src="([^"#]+phone\.js)["#]', tag)
        assert sources
        assert set(sources) <= {f"{address}/widget/phone.js", f"{address}/widget/{VERSION}/phone.js"}
    assert front_matter(texts[1])["url"] == f"{address}/docs/{name}"


async def test_the_pinned_tag_names_the_running_version_and_its_hash(
    client: httpx.AsyncClient, page: str, raw: str
) -> None:
    pinned = f"{PUBLIC_URL}/widget/{VERSION}/phone.js"
    digest = hashlib.sha384((await client.get(pinned)).content).digest()
    integrity = f"sha384-{base64.b64encode(digest).decode()}"
    (tag,) = (example.code for example in examples_of(raw) if example.name == "Pinned to one version")
    assert f'src="{pinned}"' in tag
    assert f'integrity="{integrity}"' in tag
    assert integrity in html.unescape(page)


async def test_the_running_version_has_release_notes(raw: str) -> None:
    notes = raw.split("\n## Release notes\n")[1].split("\n## ", maxsplit=1)[0]
    assert re.findall(r"^### Version (.+)$", notes, re.MULTILINE)[0] == VERSION


@EACH_GUIDE
async def test_the_page_needs_nothing_that_its_policy_forbids(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/docs/{name}")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert not re.search(r"<style|<[^>]*\s(?:style|on\w+)=|javascript:", answer.text)
    assert re.findall(r"<script[^>]*>", answer.text) == re.findall(
        r'<script src="/widget/guide-\w+\.js" defer>', answer.text
    )


@EACH_GUIDE
async def test_every_link_leads_somewhere(client: httpx.AsyncClient, name: str) -> None:
    pages = {f"/docs/{one}": (await client.get(f"/docs/{one}")).text for one in GUIDES}
    path = f"/docs/{name}"
    page, raw = pages[path], (await client.get(f"{path}/llm.md")).text
    anchors = {path: re.findall(r' id="([^"]+)"', text) for path, text in pages.items()}
    assert len(anchors[path]) == len(set(anchors[path]))
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page)) | set(re.findall(r"\]\(([^)]+)\)", EXAMPLE.sub("", raw)))
    # Tags of the examples are escaped, so they are not among the links.
    assert len(links) > 20
    for link in links:
        target = urlsplit(link.removeprefix(PUBLIC_URL))
        assert not target.netloc, f"{link} leads out of the product"
        answer = await client.get(target.path or path)
        assert answer.status_code in (200, 303), link
        assert not target.fragment or target.fragment in anchors[target.path or path], link
    contents = page.split('aria-labelledby="contents-title"')[1].split("</nav>")[0]
    assert re.findall(r'<a href="#([^"]+)">', contents) == re.findall(r'<h[23] id="([^"]+)"', page)


async def test_every_link_to_the_guide_and_in_its_index_leads_somewhere(client: httpx.AsyncClient, page: str) -> None:
    index = (await client.get("/llms.txt")).text
    links = set(re.findall(r"\]\(([^)]+)\)", index))
    for readme in (ROOT / "integrations").glob("*/README.md"):
        links |= {PUBLIC_URL + found for found in re.findall(r"\{\{ public_url \}\}(/[^\s)`]+)", readme.read_text())}
    assert len(links) > 4
    anchors = set(re.findall(r' id="([^"]+)"', page))
    for link in links:
        path = urlsplit(link.removeprefix(PUBLIC_URL))
        assert not path.netloc, link
        assert (await client.get(path.path)).status_code == 200, link
        assert not path.fragment or path.fragment in anchors, link


async def test_every_attribute_and_setting_is_described_and_no_other(raw: str) -> None:
    described = {name.replace("`", "") for row in rows_of(raw, "### Attributes") for name in row[0].split(", ")}
    source = (FRONTEND / "phone" / "settings.js").read_text().split("SETTINGS = {", 1)[1].split("\n};", 1)[0]
    read = set(re.findall(r"^  (\w+): ", source, re.MULTILINE)) - {"ticket"}  # for pages of the product itself
    named = {"api" if name == "apiBase" else name for name in read - {"texts"}}
    attributes = {"data-" + re.sub(r"[A-Z]", lambda found: "-" + found[0].lower(), name) for name in named}
    assert described == attributes | {"src"}
    required = {row[0] for row in rows_of(raw, "### Attributes") if row[1] == "Yes"}
    assert required == {"`src`", "`data-token`"}
    for setting in read:
        assert f"`{setting}`" in raw


async def test_every_method_state_and_event_is_described_and_no_other(raw: str) -> None:
    api = (FRONTEND / "phone" / "api.js").read_text().split("const api = {", 1)[1].split("\n  };", 1)[0]
    methods = set(re.findall(r"^    (\w+)[(:,]", api, re.MULTILINE))
    rows = rows_of(raw, "### Methods")
    assert set().union(*(names_in(row[0]) for row in rows)) == methods
    assert methods >= {"call", "hangup", "isReady", "getState", "reset", "sendDtmf", "toggle", "on", "off"}

    transitions = (FRONTEND / "phone" / "states.js").read_text().split("TRANSITIONS = {", 1)[1].split("\n};", 1)[0]
    states = set(re.findall(r'^  "?([\w-]+)"?:', transitions, re.MULTILINE))
    assert {row[0].strip("`") for row in rows_of(raw, "### States")} == states

    events = {name for row in rows_of(raw, "### Events") for name in names_in(row[0])}
    sources = [(FRONTEND / "phone" / name).read_text() for name in EVENT_SOURCES]
    emitted = {name for source in sources for name in re.findall(r'\["(\w+)"(?:\]|, (?!"))', source)}
    assert events == emitted | {"open", "close"}


async def test_payloads_are_those_of_the_contract(raw: str) -> None:
    payloads = {row[0].replace("`", ""): row[1].strip("`{} ").replace(" ", "") for row in rows_of(raw, "### Events")}
    assert payloads["error"] == "message,code,help"
    assert payloads["callStarted"] == "number,callId,direction,from,startedAt,metadata"
    assert payloads["callAnswered"] == "number,callId,answeredAt"
    assert payloads["callEnded"] == "number,callId,duration,status,message,help,metadata"
    assert payloads["stateChanged"] == "state,previous"
    for status in ("completed", "busy", "no-answer", "failed", "canceled", "refused"):
        assert f"`{status}`" in raw


async def test_every_row_of_an_error_has_its_code_as_anchor(raw: str, page: str) -> None:
    codes = {row[1].strip("`") for row in [*rows_of(raw, "### Errors"), *rows_of(raw, "### Microphone")]}
    assert codes | REFUSALS.keys() <= set(re.findall(r'<tr role="row" id="([^"]+)"', page))


async def test_every_message_has_its_row_word_for_word(raw: str) -> None:
    sources = {"errors.js": "const SENTENCES = {", "call/call-sentences.js": "const callSentences = {"}
    tables = [(FRONTEND / "phone" / file).read_text().split(start, 1)[1] for file, start in sources.items()]
    messages = {
        code: sentence
        for table in tables
        for code, sentence in re.findall(r'^  (\w+): "([^"]+)"', table.split("\n};", 1)[0], re.MULTILINE)
    }
    assert len(messages) > 20
    rows = [*rows_of(raw, "### Errors"), *rows_of(raw, "### Microphone")]
    shown = {row[1].strip("`"): row[0].strip("`") for row in rows}
    of_server = {error.code: error.message for error in (CallNotConnected, NoVoicemailGreeting)}
    refused = {code: REFUSALS[code].message for code in shown.keys() & REFUSALS.keys()}
    assert shown == messages | of_server | refused
    assert {row[1].strip("`") for row in rows_of(raw, "### Microphone")} >= MICROPHONE
    assert all(len(row) == 3 and row[2] for row in rows)


@pytest.mark.parametrize(("heading", "occasions"), [("### Errors", REQUEST | CALL), ("### Ended calls", END)])
async def test_the_tables_of_refusals_are_the_products(raw: str, heading: str, occasions: frozenset[Occasion]) -> None:
    shown = {row[1].strip("`"): (row[0].strip("`"), row[2]) for row in rows_of(raw, heading)}
    expected = {
        code: (row.message, row.advice.removesuffix(".")) for code, row in REFUSALS.items() if row.occasions & occasions
    }
    assert {code: shown.get(code) for code in expected} == expected
    assert "{{" not in raw


@pytest.mark.parametrize(
    "sentence",
    [
        "Pro plan or above",
        "before the closing `</body>` tag",
        "green phone button appears in the bottom-right corner",
        "`window.EpochVoice` is the same object",
        "mysite.com, app.mysite.com, crm.mycompany.io",
        "`mysite.com` also allows `www.mysite.com`",
        "An empty list allows every website",
        "Add `localhost`",
        "SHA-256",
        "is valid for one hour",
        "trash icon",
        "It takes effect at once",
        "public Git repositories",
        "| Widget not appearing |",
        "https://*.twilio.com wss://*.twilio.com",
        "Permissions-Policy",
    ],
)
async def test_what_the_guide_promises_is_there(raw: str, sentence: str) -> None:
    assert sentence in raw


async def test_examples_use_only_what_there_is(client: httpx.AsyncClient, raw: str) -> None:
    methods = set().union(*(names_in(row[0]) for row in rows_of(raw, "### Methods")))
    events = {name for row in rows_of(raw, "### Events") for name in names_in(row[0])}
    texts = [(await client.get(f"/docs/{name}/llm.md")).text for name in GUIDES]
    code = "\n".join(example.code for text in texts for example in examples_of(text))
    assert set(re.findall(r"EpochPhone\??\.(\w+)\(", code)) <= methods
    assert set(re.findall(r'EpochPhone\??\.o(?:n|ff)\("(\w+)"', code)) <= events
    assert set(re.findall(r'epochphone:(\w+)"', code)) <= events
    attributes = {name for row in rows_of(raw, "### Attributes") for name in re.findall(r"[\w-]+", row[0])}
    for tag in re.findall(r"<script[^>]*phone\.js[^>]*>", code):
        assert set(re.findall(r"\s([\w-]+)=", tag)) <= attributes | NOT_OURS


@pytest.mark.slow
async def test_every_example_is_well_formed(client: httpx.AsyncClient, tmp_path: Path) -> None:
    checked: set[str] = set()
    texts = [(await client.get(f"/docs/{name}/llm.md")).text for name in GUIDES]
    for number, example in enumerate([example for text in texts for example in examples_of(text)]):
        checked.add(example.language)
        if example.language == "json":
            json.loads(example.code)
        elif example.language == "xml" or example.code.startswith("<apex:page"):
            expat.ParserCreate().Parse(example.code, True)
        for position, script in enumerate(_scripts(example)):
            _check_syntax(script, tmp_path / f"{number}-{position}", example.name)
    # The last of these are compiled by tests in the browser; requests are sent by test_automation_guide.py.
    assert checked == {"html", "css", "javascript", "json", "xml", "apex", "text", "http", *COMPILED}


def _scripts(example: Example) -> Iterator[str]:
    if example.language == "javascript":
        yield example.code
    elif example.language == "html":
        yield from re.findall(r"<script>(.*?)</script>", example.code, re.DOTALL)


def _check_syntax(script: str, path: Path, name: str) -> None:
    """Node knows neither decorators, which Lightning components have, nor JSX: those go through the bundler."""
    is_module = re.search(r"^(?:import|export) ", script, re.MULTILINE) is not None
    file = path.with_suffix(".mjs" if is_module else ".cjs")
    file.write_text(script)
    bundler = str(FRONTEND / "node_modules" / ".bin" / "esbuild")
    is_newer = "@api" in script or name.endswith(".jsx")
    program = [bundler, "--log-level=warning", "--loader:.mjs=jsx"] if is_newer else ["node", "--check"]
    answer = subprocess.run([*program, str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, f"{name}: {answer.stderr}"
