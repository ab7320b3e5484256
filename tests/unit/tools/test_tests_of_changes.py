"""``make test-fast`` selects the unit tests and the tests of changed files and packages."""

from support.tools import import_tool

paths = import_tool("tests_of_changes").paths_of_tests


def test_nothing_changed_leaves_the_unit_tests() -> None:
    assert paths([]) == ["tests/unit"]
    assert paths(["README.md", "frontend/phone.js", "src/py.typed", "tests/unit/kit/test_text.py"]) == ["tests/unit"]


def test_a_package_has_the_tests_in_the_folder_of_its_name() -> None:
    assert paths(["src/webhooks/models.py", "src/webhooks/rules.py"]) == ["tests/unit", "tests/integration/webhooks"]


def test_a_changed_test_runs_and_a_deleted_one_does_not() -> None:
    changed = ["tests/integration/widget/test_exchange.py", "tests/integration/widget/test_deleted.py"]
    assert paths(changed) == ["tests/unit", "tests/integration/widget/test_exchange.py"]
