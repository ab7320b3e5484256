"""Medians, ratios and targets of the benchmark, as a Markdown table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from variants import FASTAPI, FLASK, FLASK_SYNC, FLOOR, PRODUCT

COLUMNS = (
    "variant, one worker",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU µs/request",
    "RSS MB",
    "requests/s ÷ floor's",
    "CPU ÷ floor's",
    "requests/s ÷ ours",
)
MEASURES = ("rate", "p50", "p99", "cpu", "resident")


@dataclass(frozen=True)
class Round:
    """One variant, measured once."""

    rate: float
    """Requests per second."""
    p50: float
    """Seconds, like ``p99``."""
    p99: float
    cpu: float
    """Seconds of the server's processors for one request."""
    resident: float
    """Bytes."""


def medians(rounds: Sequence[Round]) -> Round:
    """Each measure's own median."""
    return Round(**{name: median(getattr(one, name) for one in rounds) for name in MEASURES})


def table(results: Mapping[str, Round]) -> str:
    """One line for each variant, with its ratios to the floor and to the product."""
    floor, product = results[FLOOR], results[PRODUCT]
    lines = [
        "| " + " | ".join(COLUMNS) + " |",
        "|---" * len(COLUMNS) + "|",
    ]
    for name, one in results.items():
        cells = (
            name,
            f"{one.rate:,.0f}",
            f"{one.p50 * 1e3:.1f}",
            f"{one.p99 * 1e3:.1f}",
            f"{one.cpu * 1e6:,.0f}",
            f"{one.resident / 1e6:.0f}",
            f"{one.rate / floor.rate:.2f}",
            f"{one.cpu / floor.cpu:.2f}",
            f"{one.rate / product.rate:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def targets(results: Mapping[str, Round]) -> list[tuple[str, bool]]:
    """Return each target with its measured value and whether it is met."""
    ours, floor = results[PRODUCT], results[FLOOR]
    rate, cpu = ours.rate / floor.rate, ours.cpu / floor.cpu
    fastapi = ours.rate / results[FASTAPI].rate
    flask = ours.rate / max(results[FLASK].rate, results[FLASK_SYNC].rate)
    return [
        (f"{rate:.2f} of the floor's requests/s (at least 0.65)", rate >= 0.65),
        (f"{cpu:.2f} of the floor's CPU per request (at most 1.7)", cpu <= 1.7),
        (f"{fastapi:.1f} x FastAPI's requests/s (at least 4)", fastapi >= 4),
        (f"{flask:.1f} x the better Flask's requests/s (at least 4)", flask >= 4),
    ]
