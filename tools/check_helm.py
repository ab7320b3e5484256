"""Lints and renders ``deploy/helm`` with Helm's own library, and validates the result against Kubernetes' schemas."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import yaml

CHART = Path(__file__).resolve().parent.parent / "deploy" / "helm" / "epoch-voice"
WARNING = 2
VALUES: Mapping[str, dict[str, Any]] = {
    "defaults": {},
    "exchange rate": {"autoscaling": {"exchangesPerSecond": 200}},
    "smallest": {
        "autoscaling": {"enabled": False},
        "ingress": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
}
"""Values with which the chart is rendered."""
KUBERNETES_VERSIONS = ("1.27", "1.34")
"""The oldest one that the chart allows, and a new one."""


def lint() -> list[str]:
    """The faults that Helm's linter finds. Its advice, such as to add an icon, is left out."""
    report = helm_python.lint(CHART, strict=True)
    found = [str(message["error"]) for message in report["messages"] if message["severity"] >= WARNING]
    return [*found, *map(str, report["errors"] or ())]


def render(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of the chart."""
    chart = helm_python.Chart.load(CHART)
    for text in chart.render(values, name="epoch", namespace="epoch").values():
        yield from filter(None, yaml.safe_load_all(text))


def main() -> int:
    """Print what was checked and each fault; return 1 when there is one."""
    faults = lint()
    for name, values in VALUES.items():
        resources = list(render(values))
        kinds = ", ".join(sorted(str(resource["kind"]) for resource in resources))
        sys.stdout.write(f"helm: {name}: {kinds}\n")
        for version in KUBERNETES_VERSIONS:
            for resource in resources:
                try:
                    kubernetes_validate.validate(resource, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    where = ".".join(map(str, error.path))
                    faults.append(f"{name}, {version}: {resource['kind']} {where}: {error.message}")
    sys.stdout.writelines(f"helm: {fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
