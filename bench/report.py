"""Formats the results of the exchange benchmark (``run.py``) as a Markdown table: medians, ratios and targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from variants import FASTAPI, FASTAPI_FAST, FLASK, FLASK_SYNC, FLOOR, FLOOR_OWN_POOL, PRODUCT, STARLETTE_FAST

COLUMNS = (
    "variant, one worker",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU µs/request",
    "PostgreSQL's µs",
    "RSS MB",
    "CPU ÷ floor's",
    "CPU ÷ ours",
    "both CPUs ÷ ours",
)
MEASURES = ("rate", "p50", "p99", "cpu", "database_cpu", "resident")


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
    database_cpu: float
    """The same of PostgreSQL's processors."""
    resident: float
    """Bytes."""

    @property
    def whole_cpu(self) -> float:
        """Server and PostgreSQL together."""
        return self.cpu + self.database_cpu


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
            f"{one.database_cpu * 1e6:,.0f}",
            f"{one.resident / 1e6:.0f}",
            f"{one.cpu / floor.cpu:.2f}",
            f"{one.cpu / product.cpu:.2f}",
            f"{one.whole_cpu / product.whole_cpu:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def targets(results: Mapping[str, Round]) -> list[tuple[str, bool]]:
    """Return each target with its measured value and whether it is met.

    All are ratios of processor time, which other load on the machine disturbs less than requests/s.
    """
    ours = results[PRODUCT]
    to_floor, to_own_floor = ours.cpu / results[FLOOR].cpu, ours.cpu / results[FLOOR_OWN_POOL].cpu
    starlette, fastapi = results[STARLETTE_FAST].cpu / ours.cpu, results[FASTAPI_FAST].cpu / ours.cpu
    orm = results[FASTAPI].cpu / ours.cpu
    flask = min(results[FLASK].cpu, results[FLASK_SYNC].cpu) / ours.cpu
    return [
        (f"{to_floor:.2f} of the floor's CPU (at most 1.7)", to_floor <= 1.7),
        (f"{to_own_floor:.2f} of the CPU of the floor on the product's pool (at most 2)", to_own_floor <= 2),
        (f"{starlette:.2f} x our CPU: Starlette with asyncpg (at least 1)", starlette >= 1),
        (f"{fastapi:.2f} x our CPU: FastAPI with asyncpg (at least 1)", fastapi >= 1),
        (f"{orm:.1f} x our CPU: FastAPI with the ORM (at least 4)", orm >= 4),
        (f"{flask:.1f} x our CPU: the better Flask (at least 4)", flask >= 4),
    ]
