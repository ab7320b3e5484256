"""The order in which parallel test processes take modules: longest first, so that all end at about the same time."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FOLDERS = ("browser", "integration", "contract", "unit")
"""The suites, longest tests first."""
LONG_MODULES = (
    "browser/admin/test_back_office.py",
    "browser/dashboard/test_accessibility.py",
    "browser/widget/test_pop_out.py",
    "browser/widget/reported_faults/test_hostile_in_call.py",
    "browser/widget/test_ways_to_load.py",
    "browser/widget/test_frameworks.py",
    "browser/integrations/test_chrome_extension.py",
    "browser/guide/test_guide_examples.py",
    "browser/widget/test_diagnostics.py",
    "browser/widget/reported_faults/test_extensions.py",
    "browser/widget/test_tabs.py",
    "browser/integrations/test_salesforce.py",
    "browser/widget/reported_faults/test_focus_traps.py",
    "browser/widget/test_line_quality.py",
    "browser/widget/test_live_calls.py",
    "browser/widget/test_panel_themes.py",
)
"""The modules that take longest, by ``--durations=0``. If one came last, the other processes would wait for it."""


def order_of(module: Path) -> tuple[int, int]:
    """The key by which modules are sorted: longest suite first, and in it the longest modules first."""
    name = module.relative_to(TESTS)
    rank = LONG_MODULES.index(name.as_posix()) if name.as_posix() in LONG_MODULES else len(LONG_MODULES)
    return FOLDERS.index(name.parts[0]), rank
