"""Tracer that sends spans by OTLP over HTTP. Imported only when configured: its packages are an optional extra."""

from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit.tracing import Attributes
from kit.version import VERSION

TRACES_PATH = "/v1/traces"
_KINDS = {
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
}
_PROPAGATOR = TraceContextTextMapPropagator()


class OtlpTracer:
    """Sends spans in batches. The SDK also reads the standard variables ``OTEL_…``, such as those of sampling."""

    def __init__(self, endpoint: str, *, environment: str) -> None:
        """``endpoint`` is the collector's URL without ``TRACES_PATH``."""
        resource = Resource.create(
            {"service.name": "epoch-voice", "service.version": VERSION, "deployment.environment.name": environment}
        )
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + TRACES_PATH)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("epoch")

    def begin(self, name: str, kind: str, *, parent: str | None = None) -> "_OpenSpan":
        # Without ``tracestate``, which may have any text of the client.
        parent_context = None if parent is None else _PROPAGATOR.extract({"traceparent": parent})
        span = self._tracer.start_span(name, context=parent_context, kind=_KINDS[kind])
        return _OpenSpan(span)

    def close(self) -> None:
        self._provider.shutdown()


class _OpenSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Any = context.attach(trace.set_span_in_context(span))

    def end(self, attributes: Attributes, *, error: str | None = None) -> None:
        context.detach(self._token)
        self._span.set_attributes(dict(attributes))
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()
