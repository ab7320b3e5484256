"""The list of countries that forms offer."""

import pytest

from kit.countries import countries, country_name
from kit.e164 import dialing_of


@pytest.mark.parametrize(("code", "name"), [("US", "United States"), ("DE", "Germany"), ("CI", "Côte d’Ivoire")])
def test_countries_have_english_names(code: str, name: str) -> None:
    assert countries()[code] == name
    assert country_name(code) == name


def test_every_country_has_a_numbering_plan() -> None:
    assert [code for code in countries() if not dialing_of(code).calling_code] == []


def test_the_list_is_in_the_order_of_the_names() -> None:
    names = list(countries().values())
    assert names == sorted(names)
    assert len(names) > 200


def test_a_code_that_is_no_country_stays_as_it_is() -> None:
    assert country_name("001") == "001"


def test_a_territory_without_a_numbering_plan_has_its_name() -> None:
    assert country_name("AQ") == "Antarctica"
