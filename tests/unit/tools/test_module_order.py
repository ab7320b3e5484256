"""The list of long test modules, which parallel runs take first, names files that exist."""

from support.module_order import LONG_MODULES, TESTS, order_of


def test_each_long_module_exists_and_comes_before_the_others_of_its_suite() -> None:
    assert [name for name in LONG_MODULES if not (TESTS / name).is_file()] == []
    ranked = sorted([*TESTS.glob("unit/tools/test_*.py"), *TESTS.glob("browser/**/test_*.py")], key=order_of)
    assert [module.relative_to(TESTS).as_posix() for module in ranked[: len(LONG_MODULES)]] == list(LONG_MODULES)
