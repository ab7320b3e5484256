"""Rules of searching and buying phone numbers, and the names that the product gives its numbers at the carrier."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from carrier.port import NumberQuery, NumberType
from kit.errors import ValidationFailed
from phone_numbers import rules
from phone_numbers.errors import TooManyNumbers, TooManyPurchases


@pytest.mark.parametrize(
    ("typed", "search"),
    [
        (("us", "(415)", ""), NumberQuery("US", area_code="415")),
        (("CA", "416", "01 2"), NumberQuery("CA", area_code="416", contains="012")),
        (("GB", "", "7946-0"), NumberQuery("GB", contains="79460")),
        # The carrier searches by area code in North America only: elsewhere it is the beginning of the number.
        (("GB", " 020 ", ""), NumberQuery("GB", contains="+4420")),
        (("DE", "30", ""), NumberQuery("DE", contains="+4930")),
        (("IT", "02", ""), NumberQuery("IT", contains="+3902")),
        (("US", "", "+1 (415) 555"), NumberQuery("US", contains="1415555")),
    ],
)
def test_a_search_is_read_as_people_type_it(typed: tuple[str, str, str], search: NumberQuery) -> None:
    assert rules.parse_search(*typed) == search


def is_number(text: str) -> bool:
    """True if ``text`` is a number of some country."""
    return 8 <= len(text) <= 16 and rules.country_of(text) not in ("", "001")


def read_or_name(typed: tuple[str, str, str]) -> NumberQuery | set[str]:
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
        parts = [part.removeprefix("+") for part in (search.area_code, search.contains) if part is not None]
        assert all(part.isascii() and part.isdigit() for part in parts)


def test_a_type_or_a_city_is_searched_and_a_wrong_one_is_named() -> None:
    query = rules.parse_search("GB", number_type="toll-free", locality=" Leeds ")
    assert query == NumberQuery("GB", number_type=NumberType.TOLL_FREE, locality="Leeds")
    assert read_or_name(("GB", "020", "79")) == {"contains"}
    for wrong, field in (({"number_type": "premium"}, "type"), ({"locality": "x" * 65}, "locality")):
        with pytest.raises(ValidationFailed) as refusal:
            rules.parse_search("GB", **wrong)
        assert [name for name, _ in refusal.value.errors] == [field]


@pytest.mark.parametrize(
    ("e164", "query"),
    [
        ("+14155550123", NumberQuery("US", area_code="415", contains="4155550123")),
        ("+14165550123", NumberQuery("CA", area_code="416", contains="4165550123")),
        ("+18005550123", NumberQuery("US", NumberType.TOLL_FREE, area_code="800", contains="8005550123")),
        ("+442079460123", NumberQuery("GB", contains="2079460123")),
        ("+443069990123", NumberQuery("GB", NumberType.NATIONAL, contains="3069990123")),
        ("+61491570006", NumberQuery("AU", NumberType.MOBILE, contains="491570006")),
        ("+390255512345", NumberQuery("IT", contains="0255512345")),
        pytest.param("+447700900123", NumberQuery("GB", contains="7700900123"), id="unknown to phonenumbers"),
    ],
)
def test_a_number_is_looked_for_in_its_own_country_and_in_all_types(e164: str, query: NumberQuery) -> None:
    queries = rules.exact_queries(e164)
    assert queries[0] == query
    assert {found.number_type for found in queries} == set(NumberType)
    assert len(queries) == len(NumberType)


def test_a_number_is_looked_for_where_the_search_showed_it() -> None:
    [query] = rules.exact_queries("+447700900123", "GB", "mobile")
    assert query == NumberQuery("GB", NumberType.MOBILE, contains="7700900123")


@given((st.from_regex(r"\+[0-9]{1,16}", fullmatch=True) | st.text(max_size=20)).filter(lambda one: not is_number(one)))
def test_what_is_no_number_of_a_country_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        rules.exact_queries(text)
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
def test_other_friendly_names_are_ignored(name: str) -> None:
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
