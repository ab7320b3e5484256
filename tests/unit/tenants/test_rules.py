"""Rules of organizations' names, countries, members' roles and slugs."""

import re

import pytest

from kit.actor import Actor, ActorKind
from kit.environment import PLAN_NAMES
from kit.errors import ValidationFailed
from tenants import rules, slugs
from tenants.errors import RoleTooLow, UserRequired
from tenants.models import Role
from tenants.plans import Plan


@pytest.mark.parametrize(
    "typed", ["Acme", "  Acme ", "Søhne & Töchter", "<b>Bold</b>", "=1+1", "شركة", "🏡 Homes", "x" * 80]
)
def test_names_stay_as_typed_but_for_the_spaces_around_them(typed: str) -> None:
    assert rules.parse_name(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed", ["", "   ", "x" * 81, "a\0b", "a\r\nBcc: b@example.com", "a\tb", "a\u2028b", "\ud800"]
)
def test_names_that_cannot_be_stored_or_shown_are_refused(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        rules.parse_name(typed)
    assert [field for field, _ in refused.value.errors] == ["name"]


@pytest.mark.parametrize(("typed", "code"), [("US", "US"), ("de", "DE"), (" gb ", "GB")])
def test_countries_are_stored_as_their_code(typed: str, code: str) -> None:
    assert rules.parse_country(typed) == code


@pytest.mark.parametrize("typed", ["", "USA", "XX", "001", "United States", "U\0"])
def test_what_is_no_country_is_refused(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        rules.parse_country(typed)
    assert [field for field, _ in refused.value.errors] == ["country"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
def test_nobody_grants_a_role_above_their_own(role: Role) -> None:
    with pytest.raises(RoleTooLow):
        rules.ensure_may_manage(role, Role.OWNER)


def test_a_member_manages_nobody_and_an_admin_their_equals() -> None:
    with pytest.raises(RoleTooLow):
        rules.ensure_may_manage(Role.MEMBER, Role.MEMBER)
    rules.ensure_may_manage(Role.ADMIN, Role.MEMBER, Role.ADMIN)
    rules.ensure_may_manage(Role.OWNER, Role.OWNER)


def test_a_key_is_no_person() -> None:
    rules.ensure_not_api_key(Actor(ActorKind.USER, None, "pat@example.com"))
    with pytest.raises(UserRequired):
        rules.ensure_not_api_key(Actor(ActorKind.API_KEY, None, "Backend"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme Realty", "acme-realty"),
        ("Søhne & Töchter GmbH", "sohne-tochter-gmbh"),
        ("東京不動産", "dongjingbudongchan"),
        ("../../etc/passwd", "etc-passwd"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
    ],
)
def test_a_slug_is_the_name_in_ascii(name: str, slug: str) -> None:
    assert next(slugs.slug_candidates(name)) == slug


@pytest.mark.parametrize("name", ["Acme", "New", "🏡🏡", "---", "x" * 80, "word " * 16])
def test_every_candidate_is_a_short_ascii_path_segment_of_its_own(name: str) -> None:
    found = list(slugs.slug_candidates(name))
    assert len(set(found)) == len(found) >= slugs.RANDOM_SLUG_ATTEMPTS
    for slug in found:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
        assert slug not in slugs.RESERVED_SLUGS
        assert len(slug) <= slugs.MAX_SLUG_CHARACTERS + 5


def test_the_settings_know_every_plan_that_can_have_a_price() -> None:
    assert list(PLAN_NAMES) == [plan.value for plan in Plan]
