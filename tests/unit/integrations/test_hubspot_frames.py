"""Origins that may frame the HubSpot calling page, and embed tokens whose allowed domains admit HubSpot."""

import pytest

from integrations import hubspot


def test_hubspots_own_pages_may_always_frame_the_page() -> None:
    assert hubspot.frame_ancestors(()).split() == ["frame-ancestors", *(f"https://{one}" for one in hubspot.APP_HOSTS)]


@pytest.mark.parametrize(
    ("domain", "sources"),
    [
        ("mysite.com", ["https://mysite.com:*", "https://*.mysite.com:*"]),
        ("203.0.113.7", ["https://203.0.113.7:*"]),
        ("localhost", ["https://localhost:*", "https://*.localhost:*", "http://localhost:*", "http://*.localhost:*"]),
    ],
)
def test_the_tokens_allowed_domains_may_frame_the_page(domain: str, sources: list[str]) -> None:
    assert hubspot.frame_ancestors([domain]).split()[1 + len(hubspot.APP_HOSTS) :] == sources


def test_domains_that_a_policy_cannot_name_are_left_out() -> None:
    listed = ["mysite.com", "[2001:db8::1]", "chrome-extension://" + "a" * 32]
    assert hubspot.frame_hosts(listed) == ("mysite.com",)


@pytest.mark.parametrize(
    ("domains", "admitted"),
    [
        ((), True),
        (("mysite.com",), False),
        (("app-eu1.hubspot.com",), True),
        (("mysite.com", "app.hubspot.com"), True),
    ],
)
def test_a_token_works_in_hubspot_when_its_list_says_so(domains: tuple[str, ...], admitted: bool) -> None:
    assert (hubspot.allowed_origin(domains) is not None) is admitted
