"""Grafana's dashboards, Prometheus' alert rules and docs/operations.md name metrics, labels and headings that exist."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pytest

from support.metrics import label_names

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
RULE_TESTS = sorted((ROOT / "deploy" / "prometheus").glob("*.test.yml"))
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
OPERATIONS = ROOT / "docs" / "operations.md"
METRIC = re.compile(r"(?<![:\w])(epoch_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS = {"instance", "job", "le"}
"""Labels that Prometheus adds, and the one of buckets."""
ALERT = re.compile(r"(?m)^      - alert: (\w+)\n((?:        .*\n)+)")
UNLABELLED = """
import epoch.server.worker
from prometheus_client import REGISTRY
print(sorted(n for n, c in REGISTRY._names_to_collectors.items() if n.startswith("epoch_") and not c._labelnames))
"""


@pytest.fixture(scope="module")
def metrics() -> Mapping[str, Set[str]]:
    return label_names()


def expressions_of(dashboard: Path) -> list[str]:
    return [target["expr"] for panel in json.loads(dashboard.read_text())["panels"] for target in panel["targets"]]


def rule_expressions() -> list[str]:
    """The expressions of rules, each on one line."""
    found = re.findall(r"(?m)^        expr: (?:>-\n((?:          .*\n)+)|(.*)\n)", RULES.read_text())
    return [" ".join((folded or plain).split()) for folded, plain in found]


def faults_of(expression: str, metrics: Mapping[str, Set[str]]) -> Iterator[str]:
    allowed = set(OF_PROMETHEUS)
    for name, matchers in METRIC.findall(expression):
        if name not in metrics:
            yield f"no metric {name}"
            continue
        allowed |= metrics[name]
        yield from (f"{name} has no label {label}" for label in set(MATCHER.findall(matchers)) - metrics[name])
    for grouping in GROUPING.findall(expression):
        labels = {label.strip() for label in grouping.split(",")} - {"process_id"}
        yield from (f"no label {label}" for label in labels - allowed)


def test_dashboards_and_rules_are_found() -> None:
    assert len(DASHBOARDS) == 3
    assert len(rule_expressions()) == RULES.read_text().count("expr:") > 30


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_metric_of_a_dashboard_exists(dashboard: Path, metrics: Mapping[str, Set[str]]) -> None:
    expressions = expressions_of(dashboard)
    assert len(expressions) > 10
    assert [fault for expression in expressions for fault in faults_of(expression, metrics)] == []
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    assert set(re.findall(r"epoch:\w+:\w+", " ".join(expressions))) <= recorded


def test_every_metric_of_a_rule_exists(metrics: Mapping[str, Set[str]]) -> None:
    expressions = rule_expressions()
    assert [fault for expression in expressions for fault in faults_of(expression, metrics)] == []
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    assert set(re.findall(r"epoch:\w+:\w+", " ".join(expressions))) <= recorded


@pytest.mark.parametrize(
    ("expression", "faults"),
    [
        ("sum(rate(epoch_calls_checked_total[5m]))", ["no metric epoch_calls_checked_total"]),
        ('epoch_jobs_total{name="mail"}', ["epoch_jobs_total has no label name"]),
        ("sum by (pool, kind) (epoch_jobs_waiting)", ["no label pool"]),
        ("rate(epoch_jobs[5m])", ["no metric epoch_jobs"]),
    ],
)
def test_a_wrong_name_is_found(expression: str, faults: list[str], metrics: Mapping[str, Set[str]]) -> None:
    assert list(faults_of(expression, metrics)) == faults


def test_the_operations_page_lists_every_metric_with_its_labels(metrics: Mapping[str, Set[str]]) -> None:
    rows = re.findall(r"(?m)^\| (`epoch_[^|]*)\|([^|]*)\|", OPERATIONS.read_text())
    listed = {
        name: set(re.findall(r"`(\w+)`", labels)) for names, labels in rows for name in re.findall(r"`(\w+)`", names)
    }
    parts = ("_bucket", "_sum", "_count")
    expected = {name: labels for name, labels in metrics.items() if not name.endswith(parts)}
    expected |= {
        name.removesuffix("_bucket"): labels - {"le"} for name, labels in metrics.items() if name.endswith("_bucket")
    }
    assert listed == expected


def test_every_alert_says_how_urgent_it_is_and_where_its_runbook_is() -> None:
    headings = re.findall(r"(?m)^### (.+)$", OPERATIONS.read_text().partition("## Incident runbooks")[2])
    anchors = {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")): heading for heading in headings}
    alerts = ALERT.findall(RULES.read_text())
    assert len(alerts) > 15
    for name, text in alerts:
        assert re.search(r"severity: (page|ticket)\b", text), name
        link = re.search(r'runbook_url: "docs/operations\.md#([\w-]+)"', text)
        assert link is not None, name
        assert link[1] in anchors, name
        runbook = OPERATIONS.read_text().partition(f"### {anchors[link[1]]}\n")[2].partition("\n### ")[0]
        assert f"`{name}`" in runbook, name
        assert "*Do" in runbook, name


def test_every_alert_is_tested_to_fire_and_to_be_silent() -> None:
    tests = "".join(path.read_text() for path in RULE_TESTS)
    for name, _ in ALERT.findall(RULES.read_text()):
        assert re.search(rf"alertname: {name}\n        exp_alerts: \[\]\n", tests), name
        assert re.search(rf"alertname: {name}\n        exp_alerts:\n          - exp_labels", tests), name


@pytest.mark.slow
def test_modules_that_a_worker_loads_first_have_metrics_with_labels_only() -> None:
    """Others would not find the file that the workers share."""
    argv = [sys.executable, "-P", "-c", UNLABELLED]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT / "src")
    assert done.stdout.strip() == "[]"
