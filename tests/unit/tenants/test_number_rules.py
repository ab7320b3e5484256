"""Rules of number searches and purchases, and names of numbers at the carrier."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from kit.errors import ValidationFailed
from phone_numbers import rules
from phone_numbers.errors import TooManyNumbers, TooManyPurchases


@pytest.mark.parametrize(
    ("typed", "search"),
    [
        (("us", "(415)", ""), rules.NumberSearch("US", "415", None)),
        (("GB", " 020 ", "7946-0"), rules.NumberSearch("GB", "020", "79460")),
        (("US", "", "+1 (415) 555"), rules.NumberSearch("US", None, "1415555")),
    ],
)
def test_a_search_is_read_as_people_type_it(typed: tuple[str, str, str], search: rules.NumberSearch) -> None:
    assert rules.parse_search(*typed) == search


def is_number(text: str) -> bool:
    """True if ``text`` is a number of some country."""
    return 8 <= len(text) <= 16 and rules.country_of(text) not in ("", "001")


def read_or_name(typed: tuple[str, str, str]) -> rules.NumberSearch | set[str]:
    """The search, or the fields that are wrong."""
    try:
        return rules.parse_search(*typed)
    except ValidationFailed as refusal:
        return {field for field, _ in refusal.errors}


@given(st.tuples(st.text(max_size=12), st.text(max_size=12), st.text(max_size=20)))
def test_a_search_is_plain_digits_or_its_wrong_fields_are_named(typed: tuple[str, str, str]) -> None:
    search = read_or_name(typed)
    if isinstance(search, set):
        assert search <= {"country", "area_code", "contains"}
    else:
        assert len(search.country) == 2
        assert all(part is None or (part.isascii() and part.isdigit()) for part in (search.area_code, search.contains))


@pytest.mark.parametrize(
    ("e164", "search"),
    [
        ("+14155550123", rules.NumberSearch("US", "415", "4155550123")),
        ("+14165550123", rules.NumberSearch("CA", "416", "4165550123")),
        ("+442079460123", rules.NumberSearch("GB", None, "2079460123")),
        ("+390255512345", rules.NumberSearch("IT", None, "0255512345")),
    ],
)
def test_a_number_is_looked_for_in_its_own_country(e164: str, search: rules.NumberSearch) -> None:
    assert rules.exact_search(e164) == search


@given(st.from_regex(r"\+[0-9]{1,16}", fullmatch=True).filter(lambda text: not is_number(text)) | st.text(max_size=20))
def test_what_is_no_number_of_a_country_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        rules.exact_search(text)
    assert [field for field, _ in refusal.value.errors] == ["number"]


def test_a_name_at_the_carrier_leads_back_to_its_purchase_and_its_time() -> None:
    purchase_id = uuid7()
    name = rules.friendly_name("0123456789ab", purchase_id)
    assert len(name) <= 64
    assert rules.parse_friendly_name(name) == rules.PurchaseName(deployment="0123456789ab", purchase_id=purchase_id)
    assert abs(rules.requested_at(purchase_id) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme Realty",
        "pn:",
        "pn:1",
        pytest.param(f"pn:{uuid4()}", id="random id"),
        pytest.param(f"x pn:{uuid7()}", id="text before"),
        pytest.param(f"pn:{uuid7()}\n", id="line end after"),
        pytest.param(f"pn:{uuid7().hex}", id="id without hyphens"),
        pytest.param(f"pn:0123456789aB:{uuid7()}", id="no deployment's name"),
    ],
)
def test_other_names_are_nobodys(name: str) -> None:
    assert rules.parse_friendly_name(name) is None


def test_a_name_from_before_deployments_had_names_is_read() -> None:
    purchase_id = uuid7()
    assert rules.parse_friendly_name(f"pn:{purchase_id}") == rules.PurchaseName(
        deployment=None, purchase_id=purchase_id
    )


def test_the_time_of_an_id_is_its_first_48_bits() -> None:
    assert rules.requested_at(UUID("019aa5c0-0000-7000-8000-000000000000")).year == 2025


def test_limits_hold_at_their_edge_and_can_be_changed_for_one_organization() -> None:
    rules.ensure_may_buy({}, held=4, bought_today=2)
    with pytest.raises(TooManyNumbers):
        rules.ensure_may_buy({}, held=5, bought_today=0)
    with pytest.raises(TooManyPurchases):
        rules.ensure_may_buy({}, held=0, bought_today=3)
    rules.ensure_may_buy({"phone_numbers": 6, "purchases_per_day": 4}, held=5, bought_today=3)
