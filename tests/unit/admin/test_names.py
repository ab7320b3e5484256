"""The back office's names for alert kinds, call statuses and kinds of discrepancies: each value has one."""

import enum
from collections.abc import Mapping

import pytest

from admin.formatters import ALERT_NAMES, CALL_STATUS_NAMES, DISCREPANCY_NAMES, call_status_name
from calls.limits.models import AlertKind
from calls.models import CallStatus
from calls.reconciliation.models import DiscrepancyKind


@pytest.mark.parametrize(
    ("names", "kind"),
    [(CALL_STATUS_NAMES, CallStatus), (ALERT_NAMES, AlertKind), (DISCREPANCY_NAMES, DiscrepancyKind)],
    ids=["call statuses", "alerts", "differences"],
)
def test_every_value_has_a_name(names: Mapping[str, str], kind: type[enum.StrEnum]) -> None:
    assert set(names) == set(kind)


def test_a_status_of_a_newer_release_is_shown_by_its_humanized_value() -> None:
    assert call_status_name("no-agent") == "No agent"
