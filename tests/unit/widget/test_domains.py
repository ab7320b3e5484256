"""The allowed domains of an embed token: every case of tests/cases, and properties on any input."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from widget.domains import (
    MAX_ALLOWED_DOMAINS,
    MAX_DOMAIN_LIST_CHARACTERS,
    display_domain,
    is_page_allowed,
    parse_allowed_domains,
)
from widget.errors import InvalidDomains

CASES = Path(__file__).parents[2] / "cases"
DESCRIBED = {
    "<21 domains>": ", ".join(f"site{number}.com" for number in range(21)),
    "<4,001 characters>": "mysite.com".ljust(4001),
}
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
SEPARATORS = st.sampled_from([",", ", ", "\n", "\r\n", ";", " ", "\t", " , ; "])
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "com"]))


def unescape(text: str) -> str:
    return re.sub(r"\\([rnt0\\])", lambda found: ESCAPES[found[1]], text)


def rows(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return [{field: unescape(value) for field, value in row.items()} for row in csv.DictReader(file)]


def header_lines(value: str) -> list[bytes]:
    return [] if value == "(absent)" else [line.encode() for line in value.split(" || ")]


def refusal(text: str) -> str:
    with pytest.raises(InvalidDomains) as refused:
        parse_allowed_domains(text)
    return refused.value.message


def stored_or_refused(text: str) -> str:
    try:
        return ", ".join(parse_allowed_domains(text))
    except InvalidDomains as refused:
        return f"ERROR: {refused.message}"


@pytest.mark.parametrize("row", rows("domain_cases.csv"), ids=lambda row: row["why"])
def test_each_page_gets_its_verdict(row: dict[str, str]) -> None:
    allowed = [entry.strip() for entry in row["allowed_domains"].split(",") if entry]
    verdict = is_page_allowed(allowed, header_lines(row["origin"]), header_lines(row["referer"]))
    assert verdict is (row["verdict"] == "allow")


@pytest.mark.parametrize("row", rows("domain_cases.csv"), ids=lambda row: row["why"])
def test_the_lists_of_the_page_cases_can_be_stored_as_they_are(row: dict[str, str]) -> None:
    assert stored_or_refused(row["allowed_domains"]).replace(" ", "") == row["allowed_domains"]


@pytest.mark.parametrize("row", rows("domain_entry_cases.csv"), ids=lambda row: row["why"])
def test_each_typed_list_is_stored_or_refused(row: dict[str, str]) -> None:
    assert stored_or_refused(DESCRIBED.get(row["input"], row["input"])) == row["result"]


@pytest.mark.parametrize(
    ("typed", "result"),
    [
        ("   ", "ERROR: No domain found in the list"),
        ("\n", "ERROR: No domain found in the list"),
        ("mysite.com;app.mysite.com", "mysite.com, app.mysite.com"),
        ("mysite.com\u00a0app.mysite.com", "mysite.com, app.mysite.com"),
        ("mysite.com.", "mysite.com"),
        ("mysite.com..", "ERROR: Not a valid domain: mysite.com.."),
        (".", "ERROR: Not a valid domain: ."),
        ("*.", "ERROR: Not a valid domain: *."),
        ("HTTPS://MySite.com", "mysite.com"),
        ("https://*.mysite.com", "ERROR: Wildcards are not needed: https://*.mysite.com"),
        ("mysite.com:0", "ERROR: Not a valid domain: mysite.com:0"),
        ("mysite.com:65536", "ERROR: Not a valid domain: mysite.com:65536"),
        ("10.0.0.1:8000/8", "10.0.0.1"),
        ("10.0.0.0/255.0.0.0", "ERROR: Not a valid domain: 10.0.0.0/255.0.0.0"),
        ("2001:db8::/32", "ERROR: Not a valid domain: 2001:db8::/32"),
        ("[2001:DB8:0::1]:8443", "[2001:db8::1]"),
        ("::ffff:1.2.3.4", "[::ffff:102:304]"),
        ("[127.0.0.1]", "ERROR: Not a valid domain: [127.0.0.1]"),
        ("fe80::1%eth0", "ERROR: Not a valid domain: fe80::1%eth0"),
        ("127.0.0.01", "ERROR: Not a valid domain: 127.0.0.01"),
        ("0x7f.0.0.1", "ERROR: Not a valid domain: 0x7f.0.0.1"),
        ("mysite.0x1", "ERROR: Not a valid domain: mysite.0x1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("mysite.com／evil.com", "ERROR: Not a valid domain: mysite.com／evil.com"),
        ("℀.com", "ERROR: Not a valid domain: ℀.com"),
        ("faß.de", "xn--fa-hia.de"),
        ("3m--test.vf.force.com", "3m--test.vf.force.com"),
        ("app.hubspot.com", "app.hubspot.com"),
        ("my.salesforce.com", "ERROR: Shared by many companies, use your own subdomain: my.salesforce.com"),
        ("shop.kobe.jp", "ERROR: Too broad, anyone can register under it: shop.kobe.jp"),
        ("www.ck", "www.ck"),
        ("mysite.com\x1capp.mysite.com", "ERROR: Not a valid domain: (control character)"),
        ("mysite.com\x85", "ERROR: Not a valid domain: (control character)"),
        ("mysite\u202e.com", "ERROR: Not a valid domain: (control character)"),
        ("mysite\ud800.com", "ERROR: Not a valid domain: (control character)"),
        ("CHROME-EXTENSION://" + "AP" * 16 + "/popup.html", "chrome-extension://" + "ap" * 16),
        ("chrome-extension://" + "a" * 33, "ERROR: Not a web address: chrome-extension://" + "a" * 33),
        ("chrome-extension://" + "z" * 32, "ERROR: Not a web address: chrome-extension://" + "z" * 32),
        (f"{'a' * 90}.com", f"ERROR: Not a valid domain: {'a' * 80}"),
        (".".join(["a" * 63] * 4), f"ERROR: Not a valid domain: {('a' * 63 + '.' + 'a' * 63)[:80]}"),
    ],
)
def test_more_entries_are_stored_or_refused(typed: str, result: str) -> None:
    assert stored_or_refused(typed) == result


@pytest.mark.parametrize(
    ("allowed", "origins", "referers", "verdict"),
    [
        (["mysite.com"], [b"https://mysite.com:65535"], [], True),
        (["mysite.com"], [b"https://mysite.com:65536"], [], False),
        (["mysite.com"], [b"https://mysite.com:080"], [], False),
        (["mysite.com"], [b"https://mysite.com:"], [], False),
        (["mysite.com"], [b"https://mysite.com\n"], [], False),
        (["mysite.com"], [b"https://user@mysite.com"], [], False),
        (["mysite.com"], [b"https://mysite.com", b"https://mysite.com"], [], False),
        (["mysite.com"], [b""], [b"https://mysite.com/"], False),
        (["mysite.com"], [], [b"https://mysite.com"], True),
        (["mysite.com"], [], [b"https://mysite.com?x"], True),
        (["mysite.com"], [], [b"https://mysite.com/", b"https://mysite.com/"], False),
        (["mysite.com"], [], [b"https://mysite.com@evil.com/"], False),
        (["mysite.com"], [], [b"https://evil.com\\@mysite.com/"], False),
        (["mysite.com"], [], [b"https://mysite.com/\xc3\xbc"], False),
        (["mysite.com"], [], [b"about:blank"], False),
        (["mysite.com"], [], [b"https://mysite.com/" + b"x" * 4000], True),
        (["mysite.com"], [], [b"https://" + b"a." * 150 + b"mysite.com/"], False),
        (["127.0.0.1"], [b"http://127.0.0.1."], [], True),
        (["0.0.1"], [b"http://127.0.0.1"], [], False),
        (["1"], [b"http://[::1]"], [], False),
        (["[::1]"], [b"http://[::1"], [], False),
        (["[::1]"], [b"http://[1::2::3]"], [], False),
        (["[::ffff:102:304]"], [b"http://[::ffff:1.2.3.4]"], [], True),
        (["chrome-extension://" + "a" * 32], [b"chrome-extension://" + b"a" * 32], [], True),
        (["chrome-extension://" + "a" * 32], [b"chrome-extension://" + b"b" * 32], [], False),
        (["chrome-extension://" + "a" * 32], [b"https://" + b"a" * 32], [], False),
        ([], [b"null"], [], True),
        ([], [b"x", b"y"], [], True),
        ([], [], [], True),
    ],
)
def test_more_pages_are_admitted_or_refused(
    allowed: list[str], origins: list[bytes], referers: list[bytes], verdict: bool
) -> None:
    assert is_page_allowed(allowed, origins, referers) is verdict


@pytest.mark.parametrize(("padding", "verdict"), [(56, True), (57, False)])
def test_a_page_host_has_at_most_253_octets(padding: int, verdict: bool) -> None:
    host = ".".join([*["a" * 61] * 3, "b" * padding, "mysite.com"])
    assert (len(host) <= 253) is verdict
    assert is_page_allowed(["mysite.com"], [f"https://{host}".encode()]) is verdict


def test_the_length_limits_are_of_the_text_and_of_the_stored_list() -> None:
    assert parse_allowed_domains("mysite.com".ljust(MAX_DOMAIN_LIST_CHARACTERS)) == ("mysite.com",)
    # Each name fits, and so does the text; as it would be stored, the list is too long to be sent back.
    label = "".join(chr(0x4E00 + 997 * number) for number in range(17))
    wide = ", ".join(f"{'.'.join([label] * 4)}.site{number}.com" for number in range(MAX_ALLOWED_DOMAINS))
    assert len(wide) < MAX_DOMAIN_LIST_CHARACTERS / 2
    assert refusal(wide) == "List is too long: at most 4,000 characters"
    assert len(parse_allowed_domains(wide[: len(wide) // 2].rpartition(",")[0])) > 1


def test_repetitions_do_not_count_towards_the_limit() -> None:
    sites = [f"site{number}.com" for number in range(MAX_ALLOWED_DOMAINS)]
    assert parse_allowed_domains("\n".join(sites + sites)) == tuple(sites)


def test_a_refusal_is_a_validation_error_of_the_field() -> None:
    with pytest.raises(InvalidDomains) as refused:
        parse_allowed_domains("com")
    assert refused.value.errors == [("allowed_domains", "Not a full domain: com")]
    assert str(refused.value) == "Not a full domain: com"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("xn--mnchen-3ya.de", "münchen.de"),
        ("app.xn--80aairftm.xn--p1ai", "app.магазин.рф"),
        ("mysite.com", "mysite.com"),
        ("[::1]", "[::1]"),
        ("chrome-extension://" + "a" * 32, "chrome-extension://" + "a" * 32),
        ("xn--a.com", "xn--a.com"),
    ],
)
def test_entries_are_shown_as_people_write_them(stored: str, shown: str) -> None:
    assert display_domain(stored) == shown


@given(st.text() | st.lists(st.text(alphabet="*./:@[]#?%xn-1aü。 ,;", min_size=1), min_size=1).map(",".join))
@example("[v1.x]")
@example("xn--")
@example("\u00ad.com")
def test_any_text_is_a_list_or_refused_and_a_stored_list_is_parsed_to_itself(text: str) -> None:
    try:
        domains = parse_allowed_domains(text)
    except InvalidDomains:
        domains = ()
    else:
        assert bool(domains) is bool(text)
    assert parse_allowed_domains(", ".join(domains)) == domains
    assert parse_allowed_domains("\n".join(display_domain(domain) for domain in domains)) == domains


@given(st.lists(HOSTS, min_size=1, max_size=5, unique=True), SEPARATORS)
def test_any_separator_gives_the_same_list(hosts: list[str], separator: str) -> None:
    assert stored_or_refused(separator.join(hosts)) == stored_or_refused(", ".join(hosts))


@given(HOSTS, HOSTS, st.booleans())
def test_a_name_is_admitted_exactly_when_it_is_or_ends_in_an_entry(page: str, entry: str, under: bool) -> None:
    host = f"{page}.{entry}" if under else page
    verdict = is_page_allowed([entry], [f"https://{host}".encode()])
    assert verdict is (host == entry or host.endswith(f".{entry}"))
    assert is_page_allowed(["other.example", entry], [], [f"http://{host}:8080/path?x".encode()]) is verdict


@given(st.binary(max_size=6), st.integers(min_value=0, max_value=40))
@example(b"@", 8)
@example(b".", 18)
@example(b"a", 8)
def test_an_origin_with_inserted_bytes_is_admitted_only_if_its_host_is_on_the_list(noise: bytes, place: int) -> None:
    origin = b"https://mysite.com:8443"
    origin = origin[:place] + noise + origin[place:]
    if is_page_allowed(["mysite.com"], [origin]):
        assert re.fullmatch(rb"https?://([A-Za-z0-9_-]+\.)*[mM][yY][sS][iI][tT][eE]\.[cC][oO][mM]\.?(:[0-9]+)?", origin)
    page = origin + b"/page"
    if is_page_allowed(["mysite.com"], [], [page]):
        authority = re.match(rb"https?://([^/?#]*)", page)
        assert authority is not None
        assert re.fullmatch(rb"(.*\.)?mysite\.com\.?(:[0-9]+)?", authority[1].lower())


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_origins_and_referers_of_any_bytes_are_judged(origin: bytes, referer: bytes) -> None:
    assert is_page_allowed(["mysite.com"], [origin, referer]) is False
    assert is_page_allowed([], [origin], [referer]) is True
    if b"mysite.com" not in origin.lower():
        assert is_page_allowed(["mysite.com"], [origin]) is False
    if b"mysite.com" not in referer.lower():
        assert is_page_allowed(["mysite.com"], [], [referer]) is False
