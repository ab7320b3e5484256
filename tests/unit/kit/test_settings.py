"""Settings from environment variables: defaults, values of production, and errors that name the variable."""

import pytest

from kit.environment import SettingsError
from kit.settings import (
    DEVELOPMENT_SECRET,
    SANDBOX_ACCOUNT_SID,
    SANDBOX_API_KEY_SECRET,
    SANDBOX_API_KEY_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_TWIML_APP_SID,
    load_settings,
)

TWILIO = {
    "EPOCH_CARRIER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_API_KEY_SID": "SK" + "2" * 32,
    "TWILIO_API_KEY_SECRET": "s" * 32,
    "TWILIO_TWIML_APP_SID": "AP" + "3" * 32,
}
PRODUCTION = {
    **TWILIO,
    "EPOCH_ENV": "production",
    "EPOCH_DATABASE_URL": "postgresql://epoch:secret@db.example.com/epoch",
    "EPOCH_SECRET_KEY": "k" * 32,
    "EPOCH_PUBLIC_URL": "https://voice.example.com",
    "EPOCH_SMTP_URL": "smtp://mail.example.com:587",
    "EPOCH_TERMS_URL": "https://www.example.com/terms",
    "EPOCH_PRIVACY_URL": "https://www.example.com/privacy",
    "EPOCH_CONTACT_EMAIL": "support@example.com",
    "EPOCH_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
}
BAD = [
    ("EPOCH_ENV", "staging"),
    ("EPOCH_PORT", "0"),
    ("EPOCH_PORT", "65536"),
    ("EPOCH_PORT", "80a"),
    ("EPOCH_PORT", "-1"),
    ("EPOCH_PORT", "٨٠٠٠"),
    ("EPOCH_PORT", "9" * 5000),
    ("EPOCH_PUBLIC_URL", "voice.example.com"),
    ("EPOCH_PUBLIC_URL", "ftp://voice.example.com"),
    ("EPOCH_PUBLIC_URL", "https://voice.example.com/phone"),
    ("EPOCH_PUBLIC_URL", "https://voice.example.com?x=1"),
    ("EPOCH_PUBLIC_URL", "https://voice.example.com#top"),
    ("EPOCH_PUBLIC_URL", "https://user@voice.example.com"),
    ("EPOCH_PUBLIC_URL", "https://:password@voice.example.com"),
    ("EPOCH_PUBLIC_URL", "https://voice.example.com:99999"),
    ("EPOCH_PUBLIC_URL", "https://voice.example.com:port"),
    ("EPOCH_PUBLIC_URL", "http://[::1"),
    ("EPOCH_PUBLIC_URL", "https://"),
    ("EPOCH_DATABASE_URL", "mysql://localhost/epoch"),
    ("EPOCH_DATABASE_URL", "postgresql://[half"),
    ("EPOCH_SECRET_KEY", "short"),
    ("EPOCH_SECRET_KEY_PREVIOUS", "short"),
    ("EPOCH_SECRET_KEY_PREVIOUS", "o" * 32 + ",short"),
    ("EPOCH_CARRIER", "pigeon"),
    ("EPOCH_ACCESS_TOKEN_TTL", "4"),
    ("EPOCH_ACCESS_TOKEN_TTL", "86401"),
    ("EPOCH_WORKERS", "0"),
    ("EPOCH_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.com"),
    ("EPOCH_TRUSTED_PROXIES", "none, 10.0.0.1"),
    ("EPOCH_TRUSTED_PROXIES", "0.0.0.0/0"),
    ("EPOCH_TRUSTED_PROXIES", "10.0.0.1, ::/0"),
    ("EPOCH_TRUSTED_PROXIES", "*"),
    ("EPOCH_TRUSTED_PROXIES", " , "),
    ("EPOCH_SANDBOX_SPEED", "0"),
    ("EPOCH_SANDBOX_SPEED", "nan"),
    ("EPOCH_SANDBOX_SPEED", "inf"),
    ("EPOCH_SANDBOX_SPEED", "fast"),
    ("TWILIO_ACCOUNT_SID", "AC123"),
    ("TWILIO_API_KEY_SID", "AC" + "1" * 32),
    ("TWILIO_TWIML_APP_SID", "AP" + "!" * 32),
    ("TWILIO_REGION", "Ireland"),
    ("TWILIO_REGION", "ie1.evil.example"),
    ("TWILIO_EDGE", "dublin;frankfurt"),
    ("EPOCH_TERMS_URL", "/terms"),
    ("EPOCH_TERMS_URL", "javascript:alert(1)"),
    ("EPOCH_PRIVACY_URL", "https://www.example.com/a b"),
    ("EPOCH_PRIVACY_URL", "https://user@www.example.com/privacy"),
    ("EPOCH_PLAN_PRICES", "por=29 USD"),
    ("EPOCH_PLAN_PRICES", "pro=29"),
    ("EPOCH_PLAN_PRICES", "pro=$29"),
    ("EPOCH_PLAN_PRICES", "pro=-1 USD"),
    ("EPOCH_PLAN_PRICES", "pro=29 USD, pro=30 USD"),
    ("TWILIO_EDGE", "dublin, evil.example/"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_unusable_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        load_settings({name: value})


@pytest.mark.parametrize("name", [name for name in TWILIO if name.startswith("TWILIO_")])
def test_the_real_carrier_needs_every_credential(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        load_settings({**TWILIO, "EPOCH_SECRET_KEY": "k" * 32, name: " "})


@pytest.mark.parametrize(
    "environ",
    [
        TWILIO,
        {**TWILIO, "EPOCH_PUBLIC_URL": "https://voice.example.com"},
        {**TWILIO, "EPOCH_SECRET_KEY": DEVELOPMENT_SECRET},
        {"EPOCH_PUBLIC_URL": "https://voice.example.com"},
        {"EPOCH_PUBLIC_URL": "http://192.168.1.20:8000"},
        {"EPOCH_PUBLIC_URL": "http://localhost.example.com"},
    ],
)
def test_the_development_secret_is_for_the_sandbox_on_this_machine_alone(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^EPOCH_SECRET_KEY must be set to a random secret"):
        load_settings(environ)
    assert load_settings({**environ, "EPOCH_SECRET_KEY": "k" * 32}).secret_key == "k" * 32


def test_predecessors_of_the_secret_are_a_list() -> None:
    settings = load_settings({**PRODUCTION, "EPOCH_SECRET_KEY_PREVIOUS": f" {'o' * 32} , {'p' * 40},"})
    assert (settings.secret_keys.current, settings.secret_keys.previous) == ("k" * 32, ("o" * 32, "p" * 40))
    assert load_settings(PRODUCTION).secret_keys.previous == ()
    assert "o" * 32 not in f"{settings} {settings.secret_keys}"


def test_the_development_secret_is_no_predecessor_for_real_calls() -> None:
    with pytest.raises(SettingsError, match=r"^EPOCH_SECRET_KEY_PREVIOUS must not contain the development secret"):
        load_settings({**PRODUCTION, "EPOCH_SECRET_KEY_PREVIOUS": f"{'o' * 32},{DEVELOPMENT_SECRET}"})


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://phone.localhost", "http://127.0.0.2:80", "http://[::1]:8000"]
)
def test_a_loopback_address_may_have_the_development_secret(url: str) -> None:
    assert load_settings({"EPOCH_PUBLIC_URL": url}).public_is_loopback


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWILIO_ACCOUNT_SID", SANDBOX_ACCOUNT_SID),
        ("TWILIO_AUTH_TOKEN", SANDBOX_AUTH_TOKEN),
        ("TWILIO_API_KEY_SID", SANDBOX_API_KEY_SID),
        ("TWILIO_API_KEY_SECRET", SANDBOX_API_KEY_SECRET),
        ("TWILIO_TWIML_APP_SID", SANDBOX_TWIML_APP_SID),
    ],
)
def test_the_sandboxs_credentials_are_no_real_account(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is the sandbox carrier's"):
        load_settings({**TWILIO, "EPOCH_SECRET_KEY": "k" * 32, name: value})


def test_tokens_of_hubspot_leave_for_hubspot_alone_unless_in_the_sandbox() -> None:
    given = {"EPOCH_HUBSPOT_URL": "http://127.0.0.1:9"}
    with pytest.raises(SettingsError, match=r"^EPOCH_HUBSPOT_URL is for the sandbox alone"):
        load_settings({**PRODUCTION, **given})
    assert load_settings(given).hubspot_url == given["EPOCH_HUBSPOT_URL"]
    assert load_settings(PRODUCTION).hubspot_url == "https://api.hubapi.com"


def test_real_calls_are_not_placed_from_an_http_page_of_another_machine() -> None:
    with pytest.raises(SettingsError, match=r"^EPOCH_PUBLIC_URL must begin with https://"):
        load_settings({**TWILIO, "EPOCH_SECRET_KEY": "k" * 32, "EPOCH_PUBLIC_URL": "http://voice.example.com"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EPOCH_CARRIER", "sandbox"),
        ("EPOCH_DATABASE_URL", ""),
        ("EPOCH_SECRET_KEY", ""),
        ("EPOCH_SECRET_KEY", DEVELOPMENT_SECRET),
        ("EPOCH_PUBLIC_URL", "http://voice.example.com"),
        ("EPOCH_SMTP_URL", ""),
        ("EPOCH_TRUSTED_PROXIES", ""),
        ("EPOCH_TERMS_URL", ""),
        ("EPOCH_PRIVACY_URL", ""),
        ("EPOCH_CONTACT_EMAIL", ""),
    ],
)
def test_production_refuses_what_is_only_safe_in_development(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        load_settings({**PRODUCTION, name: value})


def test_production_names_all_missing_settings_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"EPOCH_ENV": "production"})
    named = [line.split()[0] for line in str(refused.value).splitlines()]
    assert sorted(named) == sorted(PRODUCTION.keys() - {"EPOCH_ENV"})


def test_the_real_carrier_names_all_missing_credentials_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"EPOCH_CARRIER": "twilio"}, needs_application=False)
    named = [line.split()[0] for line in str(refused.value).splitlines()]
    assert named == [
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_API_KEY_SID",
        "TWILIO_API_KEY_SECRET",
        "EPOCH_SECRET_KEY",
    ]


def test_every_wrong_setting_has_a_line() -> None:
    wrong = {name: value for name, value in reversed(BAD) if name not in ("EPOCH_ENV", "EPOCH_CARRIER")}
    with pytest.raises(SettingsError) as refused:
        load_settings({"EPOCH_ENV": "production", **wrong})
    named = [line.split()[0] for line in str(refused.value).splitlines()]
    assert len(named) == len(set(named))
    assert set(named) == wrong.keys() | (PRODUCTION.keys() - {"EPOCH_ENV"})


def test_what_follows_from_a_wrong_setting_is_not_told() -> None:
    fallback = {"EPOCH_PUBLIC_URL": "voice.example.com", "EPOCH_CARRIER_FALLBACK_URL": "http://localhost:9/answer"}
    pooled = {"EPOCH_DATABASE_URL": "mysql://db/epoch", "EPOCH_DATABASE_DIRECT_URL": "postgresql://db/epoch"}
    for environ in (fallback, pooled, {"EPOCH_ENV": "staging", "EPOCH_SMTP_URL": ""}):
        with pytest.raises(SettingsError) as refused:
            load_settings(environ)
        assert str(refused.value).split()[0] in environ
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "kept"), [("127.0.0.1, 10.0.0.0/8", ("127.0.0.1", "10.0.0.0/8")), ("none", ()), (" NONE ", ())]
)
def test_production_takes_its_proxies_or_the_word_none(given: str, kept: tuple[str, ...]) -> None:
    assert load_settings({**PRODUCTION, "EPOCH_TRUSTED_PROXIES": given}).trusted_proxies == kept


def test_production_starts_with_everything_set() -> None:
    settings = load_settings(PRODUCTION)
    assert settings.is_production
    assert settings.public_is_https
    assert not settings.is_sandbox


def test_nothing_set_means_the_sandbox_on_this_machine() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert settings.is_sandbox
    assert settings.twilio.account_sid == SANDBOX_ACCOUNT_SID
    assert (settings.workers, settings.access_token_ttl, settings.database_url) == (1, 3600, None)
    assert settings.data_dir.is_absolute()


def test_the_public_address_follows_the_port() -> None:
    assert load_settings({"EPOCH_PORT": "8123"}).public_url == "http://localhost:8123"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://voice.example.com/", "https://voice.example.com"),
        ("HTTPS://Voice.Example.com:8443", "https://voice.example.com:8443"),
        ("https://voice.example.com:443", "https://voice.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_address_is_kept_as_browsers_write_origins(given: str, kept: str) -> None:
    assert load_settings({"EPOCH_PUBLIC_URL": given, "EPOCH_SECRET_KEY": "k" * 32}).public_url == kept


def test_no_secret_is_printed_with_the_settings() -> None:
    shown = repr(load_settings(PRODUCTION))
    for secret in ("k" * 32, "s" * 32, "t" * 32, "secret@"):
        assert secret not in shown


def test_a_refused_database_address_is_not_quoted() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"EPOCH_DATABASE_URL": "mysql://epoch:hunter2@localhost/epoch"})
    assert "hunter2" not in str(refused.value)


def test_a_pooler_of_transactions_needs_a_way_beside_it() -> None:
    pooled = {"EPOCH_DATABASE_URL": "postgresql://pooler/epoch", "EPOCH_DATABASE_POOLER": "transaction"}
    with pytest.raises(SettingsError, match="EPOCH_DATABASE_DIRECT_URL must be set"):
        load_settings(pooled)
    settings = load_settings({**pooled, "EPOCH_DATABASE_DIRECT_URL": "postgresql://db/epoch"})
    assert settings.is_pooled_by_transaction
    assert settings.owner_url == "postgresql://db/epoch"
    with pytest.raises(SettingsError, match="EPOCH_DATABASE_URL must be set"):
        load_settings({"EPOCH_DATABASE_DIRECT_URL": "postgresql://db/epoch"})


@pytest.mark.parametrize(
    ("region", "edge", "edges", "request_edge"),
    [
        ("", "", (), None),
        ("", "ashburn, dublin", ("ashburn", "dublin"), None),
        ("us1", "", (), "ashburn"),
        ("ie1", "", ("dublin",), "dublin"),
        ("ie1", "frankfurt,dublin", ("frankfurt", "dublin"), "frankfurt"),
        ("au1", "roaming,sydney-ix", ("roaming", "sydney-ix"), "sydney"),
        ("jp1", "tokyo", ("tokyo",), "tokyo"),
    ],
)
def test_a_region_has_an_edge(region: str, edge: str, edges: tuple[str, ...], request_edge: str | None) -> None:
    own = load_settings({"TWILIO_REGION": region, "TWILIO_EDGE": edge}).twilio
    assert (own.region, own.edges, own.request_edge) == (region or None, edges, request_edge)


def test_a_region_without_a_known_edge_needs_one() -> None:
    with pytest.raises(SettingsError, match=r"^TWILIO_EDGE must be set with TWILIO_REGION=jp1"):
        load_settings({"TWILIO_REGION": "jp1"})


def test_plan_prices_are_read_with_their_currency() -> None:
    prices = load_settings({"EPOCH_PLAN_PRICES": "pro=29 USD, business=79.50EUR"}).plan_prices
    assert {plan: str(price) for plan, price in prices.items()} == {"pro": "$29", "business": "€79.50"}
    assert load_settings({}).plan_prices == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("EPOCH_OTLP_ENDPOINT", "http://collector:4318"),
        ("EPOCH_SENTRY_DSN", "https://key@sentry.io/1"),
    ],
)
def test_traces_and_reports_need_their_packages(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({name: value})
    assert value in (settings.otlp_endpoint, settings.sentry_dsn)
    # As in an installation without the extra: Python finds nothing of it.
    monkeypatch.setattr("kit.settings.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=rf"{name} is set.*requirements-observability\.lock"):
        load_settings({name: value})


@pytest.mark.parametrize(
    "value", ["key", "https://sentry.io/1", "https://hunter2@sentry.io", "ftp://hunter2@sentry.io/1"]
)
def test_a_refused_sentry_project_is_not_quoted(value: str) -> None:
    with pytest.raises(SettingsError, match="EPOCH_SENTRY_DSN must be like") as refused:
        load_settings({"EPOCH_SENTRY_DSN": value})
    assert "hunter2" not in str(refused.value)
