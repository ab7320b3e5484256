"""The import-linter contracts in pyproject.toml name every package of ``src``."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
LINTER: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES = {path.parent.name for path in (ROOT / "src").glob("*/__init__.py")}


def packages_of(contract: Mapping[str, Any]) -> set[str]:
    layers = [package.strip() for layer in contract.get("layers", ()) for package in layer.split("|")]
    return {*layers, *contract.get("source_modules", ()), *contract.get("forbidden_modules", ())}


def test_every_package_is_analyzed() -> None:
    assert set(LINTER["root_packages"]) == PACKAGES


@pytest.mark.parametrize("contract", LINTER["contracts"], ids=lambda contract: contract["name"])
def test_a_contract_names_every_package(contract: Mapping[str, Any]) -> None:
    sources = contract.get("source_modules", ())
    if all("." in module for module in sources) and sources:
        return  # About parts of one package.
    assert PACKAGES - packages_of(contract) == set()


def test_exceptions_of_the_web_framework_leave_business_modules_out() -> None:
    contract = next(contract for contract in LINTER["contracts"] if "litestar" in contract.get("forbidden_modules", ()))
    allowed = {rule.partition(" -> ")[0] for rule in contract["ignore_imports"]}
    business = ("models", "rules", "services", "schemas", "errors")
    assert not [pattern for pattern in allowed if pattern.rpartition(".")[2] in business]
    assert not [pattern for pattern in allowed if pattern.startswith(("kit.db", "kit.jobs", "**.**"))]
