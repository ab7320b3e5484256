"""Each package of production and of the files that browsers load has a licence from the list of allowed ones."""

from pathlib import Path
from types import ModuleType

import pytest

from support.tools import import_tool

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    return import_tool("licences")


def test_every_package_has_an_allowed_licence(licences: ModuleType) -> None:
    packages = licences.all_packages()

    assert [package for package in packages if not licences.is_allowed(package.licence)] == []
    assert {"litestar", "anyascii", "chart.js", "@twilio/voice-sdk"} <= {package.name for package in packages}
    assert "text-unidecode" not in {package.name for package in packages}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-2.0-or-later OR MIT", True),
        ("(MIT OR Apache-2.0)", True),
        ("MIT AND GNU General Public License (GPL)", False),
        ("Artistic License", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_a_choice_needs_one_allowed_licence_and_a_sum_all(licences: ModuleType, expression: str, allowed: bool) -> None:
    assert licences.is_allowed(expression) is allowed
