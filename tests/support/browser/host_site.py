"""Serves customers' pages on another origin than the product's."""

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"


class _Page(NamedTuple):
    body: bytes
    kind: str
    headers: Mapping[str, str]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: dict[str, _Page]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # browsers request it, but no test publishes it
            self.send_response(204)
            self.end_headers()
            return
        page = self.server.pages.get(self.path.partition("?")[0])
        self.send_response(404 if page is None else 200)
        for name, value in (page.headers if page else {}).items():
            self.send_header(name, value)
        body = page.body if page else b""
        self.send_header("Content-Type", page.kind if page else HTML)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Log nothing."""


@dataclass(frozen=True, slots=True)
class HostSite:
    """The running server; ``origin`` is on 127.0.0.1, the product on localhost."""

    origin: str
    _pages: dict[str, _Page]
    _serial: "itertools.count[int]"

    def page(self, body: str, *, head: str = "", headers: Mapping[str, str] | None = None) -> str:
        """Publish a page and return its URL."""
        return self.publish(
            "<!doctype html><html lang=en><head><meta charset=utf-8><title>A customer's page</title>"
            f"{head}</head><body><h1>A customer's page</h1>{body}</body></html>",
            headers=headers,
        )

    def publish(self, text: str, *, kind: str = HTML, headers: Mapping[str, str] | None = None) -> str:
        """Publish a document of the media type ``kind`` and return its URL."""
        path = f"/{next(self._serial)}"
        self._pages[path] = _Page(text.encode(), kind, headers or {})
        return self.origin + path


def widget_tag(product_url: str, token: str, attributes: str = "") -> str:
    """The script tag that the dashboard shows, with additional ``attributes``."""
    return f'<script src="{product_url}/widget/phone.js" data-token="{token}" {attributes}></script>'


@contextlib.contextmanager
def serving_pages() -> Iterator[HostSite]:
    """Serve pages inside the ``with`` block."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.pages = {}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield HostSite(f"http://127.0.0.1:{server.server_port}", server.pages, itertools.count(1))
        finally:
            server.shutdown()
            thread.join()
