"""Runs prism, which checks requests and responses against the carrier's own descriptions of its REST API (OpenAPI)."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from support.carrier_stand_in import CarrierRequest, http_response
from support.local_http import local_client
from support.ports import unused_port

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "tools" / "prism" / "node_modules"
DESCRIPTIONS = PACKAGES / "@twilio" / "cli-core" / "src" / "services" / "twilio-api"
PRISM = PACKAGES / "@stoplight" / "prism-cli" / "dist" / "index.js"
START_SECONDS = 120.0
USED_DESCRIPTIONS = {
    "api.twilio.com/2010-04-01": "twilio_api_v2010.json",
    "iam.twilio.com/v1": "twilio_iam_v1.json",
    "pricing.twilio.com/v1": "twilio_pricing_v1.json",
    "voice.twilio.com/v1": "twilio_voice_v1.json",
}
"""The file of each API that the carrier port uses, by host and version."""
_NOT_INSTALLED = "prism is not installed: run `tools/setup carrier-contract` (`make carrier-contract` does)"


class Violation(NamedTuple):
    """A difference between a request or response and the description."""

    place: str
    """For example ``request.query.pagesize`` or ``response.body.uri``."""
    code: str
    """Of JSON Schema, or of prism."""
    message: str


class Exchange(NamedTuple):
    """A request, and prism's findings about it and its response."""

    method: str
    path: str
    status: int
    violations: tuple[Violation, ...]


class Prism:
    """Answers requests to the carrier's host names by one process of prism for each API."""

    def __init__(self, urls: Mapping[str, str], *, is_mock: bool) -> None:
        self.exchanges: list[Exchange] = []
        """All exchanges since the last ``clear``."""
        self._urls = urls
        self._is_mock = is_mock

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder: Path, *, upstream: str | None = None) -> Iterator["Prism"]:
        """Start all prisms. They respond with the description's examples; with ``upstream``, as that server does."""
        with contextlib.ExitStack() as processes:
            started = {
                api: processes.enter_context(_started(DESCRIPTIONS / name, folder / f"{name}.log", upstream))
                for api, name in USED_DESCRIPTIONS.items()
            }
            yield cls({api: server.await_url() for api, server in started.items()}, is_mock=upstream is None)

    async def answer(self, request: CarrierRequest) -> bytes:
        """Pass the request to prism and record its findings; return the response."""
        api = f"{request.host}/{request.path.split('/')[1]}"
        assert api in self._urls, f"add the description of {api} to USED_DESCRIPTIONS"
        headers = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        async with local_client(base_url=self._urls[api], trust_env=False, timeout=30) as client:
            response = await client.request(request.method, request.target, content=request.body, headers=headers)
        violations = _violations_of(response)
        self.exchanges.append(Exchange(request.method, request.path, response.status_code, violations))
        body = _without_next_page(response.content) if self._is_mock else response.content
        content_type = response.headers.get("content-type", "application/json")
        return http_response(response.status_code, body, content_type=content_type)


class _Server(NamedTuple):
    """A prism that may still be starting."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def await_url(self) -> str:
        end = time.monotonic() + START_SECONDS
        while "Prism is listening" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < end, f"prism did not start within {START_SECONDS:.0f} s"
            time.sleep(0.05)
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def _started(description: Path, log: Path, upstream: str | None) -> Iterator[_Server]:
    assert PRISM.exists(), _NOT_INSTALLED
    port = unused_port()
    mode = ["mock", str(description)] if upstream is None else ["proxy", str(description), upstream]
    tied = [sys.executable, str(Path(__file__).with_name("tied_process.py"))]
    argv = [*tied, "node", str(PRISM), *mode, "--port", str(port), "--multiprocess", "false"]
    with log.open("w") as output, subprocess.Popen(argv, stdout=output, stderr=output) as process:
        try:
            yield _Server(process, port, log)
        finally:
            process.kill()


def _violations_of(response: httpx.Response) -> tuple[Violation, ...]:
    """Prism names violations in a header, and in the body of a response that it made itself."""
    found = json.loads(response.headers.get("sl-violations", "[]"))
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        problem = response.json()
        refused = {"location": ["request"], "code": problem["title"], "message": problem["detail"]}
        found += [{**each, "location": ["request", *each["location"]]} for each in problem.get("validation", [refused])]
    return tuple(_violation(each) for each in found)


def _violation(found: dict[str, Any]) -> Violation:
    return Violation(".".join(map(str, found["location"])), str(found["code"]), found["message"])


def _without_next_page(body: bytes) -> bytes:
    """The body without links to a next page: in the examples, each page has such a link."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    for name in ("next_page_uri", "next_page_url"):
        for part in (document, document.get("meta")):
            if isinstance(part, dict) and name in part:
                part[name] = None
    return json.dumps(document).encode()
