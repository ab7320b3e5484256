"""Settings: refused values name their variable."""

import pytest

from kit.settings import DEVELOPMENT_SECRET, SANDBOX_ACCOUNT_SID, SettingsError, load_settings

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
    ("EPOCH_CARRIER", "pigeon"),
    ("EPOCH_ACCESS_TOKEN_TTL", "4"),
    ("EPOCH_ACCESS_TOKEN_TTL", "86401"),
    ("EPOCH_WORKERS", "0"),
    ("EPOCH_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.com"),
    ("EPOCH_SANDBOX_SPEED", "0"),
    ("EPOCH_SANDBOX_SPEED", "nan"),
    ("EPOCH_SANDBOX_SPEED", "inf"),
    ("EPOCH_SANDBOX_SPEED", "fast"),
    ("TWILIO_ACCOUNT_SID", "AC123"),
    ("TWILIO_API_KEY_SID", "AC" + "1" * 32),
    ("TWILIO_TWIML_APP_SID", "AP" + "!" * 32),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_unusable_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        load_settings({name: value})


@pytest.mark.parametrize("name", [name for name in TWILIO if name.startswith("TWILIO_")])
def test_the_real_carrier_needs_every_credential(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        load_settings({**TWILIO, name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EPOCH_CARRIER", "sandbox"),
        ("EPOCH_DATABASE_URL", ""),
        ("EPOCH_SECRET_KEY", ""),
        ("EPOCH_SECRET_KEY", DEVELOPMENT_SECRET),
        ("EPOCH_PUBLIC_URL", "http://voice.example.com"),
        ("EPOCH_SMTP_URL", ""),
    ],
)
def test_production_refuses_what_is_only_safe_in_development(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} "):
        load_settings({**PRODUCTION, name: value})


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
    assert load_settings({"EPOCH_PUBLIC_URL": given}).public_url == kept


def test_no_secret_is_printed_with_the_settings() -> None:
    shown = repr(load_settings(PRODUCTION))
    for secret in ("k" * 32, "s" * 32, "t" * 32, "secret@"):
        assert secret not in shown


def test_a_refused_database_address_is_not_quoted() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"EPOCH_DATABASE_URL": "mysql://epoch:hunter2@localhost/epoch"})
    assert "hunter2" not in str(refused.value)
