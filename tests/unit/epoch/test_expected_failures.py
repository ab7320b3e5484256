"""The line that ``epoch`` prints for an expected failure, such as a database time-out, instead of a traceback."""

from epoch.cli.expected_failures import describe_failure


def test_a_failure_without_a_message_is_described() -> None:
    assert describe_failure(TimeoutError()) == "database: it does not answer in time"
    assert describe_failure(OSError("the folder is gone")) == "the folder is gone"
