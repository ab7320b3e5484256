"""The order of test modules for parallel processes: each takes the next module when it is nearly done with its last."""

from collections.abc import Iterable, Sequence
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
LONG_MODULES = (
    "integration/epoch/test_route_walk.py",
    "integration/epoch/test_run.py",
    "integration/epoch/test_process_roles.py",
    "integration/calls/test_revocation_races.py",
    "integration/calls/test_killed_workers.py",
    "browser/admin/test_back_office.py",
    "browser/dashboard/test_accessibility.py",
    "browser/widget/test_pop_out.py",
    "browser/widget/field/test_hostile_in_call.py",
    "browser/widget/test_ways_to_load.py",
    "browser/widget/test_frameworks.py",
    "browser/integrations/test_chrome_extension.py",
    "browser/guide/test_guide_examples.py",
    "browser/widget/test_diagnostics.py",
    "browser/widget/field/test_extensions.py",
    "browser/widget/test_tabs.py",
    "browser/integrations/test_salesforce.py",
    "browser/widget/field/test_focus_traps.py",
    "browser/widget/test_line_quality.py",
    "browser/widget/test_live_calls.py",
    "browser/widget/test_panel_themes.py",
)
"""The modules that take longest, by ``--durations=0``: begun last, one of them would keep one process busy alone."""


def order_modules(modules: Iterable[Path]) -> Sequence[Path]:
    """The modules in the order in which processes begin them.

    In a session of several suites, browser tests, which wait for calls, are mixed with those of the server, which keep
    a processor busy. The short unit tests come last, so that all processes finish at about the same time.
    """
    suites: dict[str, list[Path]] = {}
    for module in sorted(set(modules), key=_rank):
        suites.setdefault(_suite_of(module), []).append(module)
    placed = [
        (suite == "unit", number / len(ordered), module)
        for suite, ordered in suites.items()
        for number, module in enumerate(ordered)
    ]
    return [module for *_, module in sorted(placed)]


def _suite_of(module: Path) -> str:
    return module.relative_to(TESTS).parts[0]


def _rank(module: Path) -> tuple[int, Path]:
    name = module.relative_to(TESTS).as_posix()
    return LONG_MODULES.index(name) if name in LONG_MODULES else len(LONG_MODULES), module
