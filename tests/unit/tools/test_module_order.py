"""The order of modules for parallel processes."""

from support.module_order import LONG_MODULES, TESTS, order_modules


def test_long_modules_begin_first_and_unit_tests_last_and_none_is_forgotten() -> None:
    assert [name for name in LONG_MODULES if not (TESTS / name).is_file()] == []
    modules = list(TESTS.glob("*/**/test_*.py"))
    ordered = [module.relative_to(TESTS).as_posix() for module in order_modules(modules)]
    assert sorted(ordered) == sorted(module.relative_to(TESTS).as_posix() for module in modules)
    for suite in ("browser", "integration"):
        long = [name for name in LONG_MODULES if name.startswith(suite)]
        assert [name for name in ordered if name.startswith(suite)][: len(long)] == long
    units = [name.startswith("unit/") for name in ordered]
    assert units == sorted(units)


def test_browser_tests_and_server_tests_are_mixed() -> None:
    ordered = order_modules([*TESTS.glob("integration/**/test_*.py"), *TESTS.glob("browser/**/test_*.py")])
    half = ordered[: len(ordered) // 2]
    assert {module.relative_to(TESTS).parts[0] for module in half} == {"integration", "browser"}
