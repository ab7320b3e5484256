"""An HTTP server that records the traces of OpenTelemetry's exporter and the reports of Sentry's client."""

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

TRACES = "/v1/traces"
DECOMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}


class TelemetryReceiver:
    """A server that answers 200 to everything and keeps the bodies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.bodies: list[tuple[str, bytes]] = []
        """Path and uncompressed body of each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        """The DSN (URL with key) of a Sentry project at this server."""
        return f"http://key@127.0.0.1:{self.port}/1"

    def spans(self) -> dict[str, Span]:
        """The received spans by name; the last one of each name."""
        found = {}
        for path, body in self.bodies:
            if path == TRACES:
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    found.update({span.name: span for scope in resource.scope_spans for span in scope.spans})
        return found

    def everything(self) -> str:
        """All received bodies, as text."""
        return "\n".join(body.decode("latin-1") for _, body in self.bodies)


def attributes_of(span: Span) -> dict[str, str | int]:
    return {
        found.key: found.value.int_value if found.value.HasField("int_value") else found.value.string_value
        for found in span.attributes
    }


@contextmanager
def receiving() -> Iterator[TelemetryReceiver]:
    """A running receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the library calls
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            body = DECOMPRESS[self.headers.get("content-encoding", "identity")](body)
            receiver.bodies.append((self.path, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = TelemetryReceiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
