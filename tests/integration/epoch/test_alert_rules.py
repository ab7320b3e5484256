"""The alert rules by Prometheus' own tool: their syntax, their tests, and the expressions of the dashboards."""

import json
import shutil
from pathlib import Path

import pytest

from support.prometheus import promtool

pytestmark = pytest.mark.slow
DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"


def test_the_tests_of_the_alert_rules_pass() -> None:
    tests = sorted(path.name for path in PROMETHEUS.glob("*.test.yml"))
    assert len(tests) == 2
    done = promtool("test", "rules", *tests, folder=PROMETHEUS)
    assert done.returncode == 0, done.stdout


def test_a_changed_threshold_fails_the_tests(tmp_path: Path) -> None:
    rules = (PROMETHEUS / "rules.yml").read_text()
    assert "> 300" in rules
    (tmp_path / "rules.yml").write_text(rules.replace("> 300", "> 3000"))
    shutil.copy(PROMETHEUS / "rules.test.yml", tmp_path)
    done = promtool("test", "rules", "rules.test.yml", folder=tmp_path)
    assert done.returncode != 0
    assert "QueueStuck" in done.stdout


def test_the_example_configuration_is_valid() -> None:
    done = promtool("check", "config", "--syntax-only", "prometheus.yml", folder=PROMETHEUS)
    assert done.returncode == 0, done.stdout


def test_every_expression_of_a_dashboard_is_valid(tmp_path: Path) -> None:
    panels = [
        panel
        for path in sorted((DEPLOY / "grafana").glob("*.json"))
        for panel in json.loads(path.read_text())["panels"]
    ]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(expressions) > 30
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions)
    ]
    # JSON is YAML too.
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool("check", "rules", "panels.yml", folder=tmp_path)
    assert done.returncode == 0, done.stdout
