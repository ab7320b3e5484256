"""The example of an area code that the search for phone numbers shows for each country."""

import phonenumbers
import pytest

from kit.area_codes import example_area_code


@pytest.mark.parametrize(
    ("country", "code"),
    [("US", "415"), ("GB", "20"), ("DE", "30"), ("FR", "1"), ("JM", "876"), ("DK", ""), ("SG", ""), ("ES", "")],
)
def test_a_country_has_an_area_code_of_its_own_or_none(country: str, code: str) -> None:
    assert example_area_code(country) == code


def test_each_example_is_one_that_the_search_takes() -> None:
    examples = {country: example_area_code(country) for country in phonenumbers.SUPPORTED_REGIONS}
    assert [country for country, code in examples.items() if code and not (code.isdigit() and len(code) <= 6)] == []
