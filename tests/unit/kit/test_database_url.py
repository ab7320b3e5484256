"""Parsing of the database URL: every form of libpq's URLs that managed databases print, and refused parameters."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kit.db.url import DatabaseUrlError, parse_database_url
from kit.environment import SettingsError
from kit.settings import load_settings


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("postgresql://db.example.com/epoch", (("db.example.com", None),)),
        ("postgres://db.example.com:6543/epoch", (("db.example.com", 6543),)),
        ("postgresql://h1:5432,h2:5433/epoch", (("h1", 5432), ("h2", 5433))),
        ("postgresql://h1,h2/epoch?port=6000", (("h1", 6000), ("h2", 6000))),
        ("postgresql:///epoch?host=h1,h2&port=1,2", (("h1", 1), ("h2", 2))),
        ("postgresql://[2001:db8::1]:5432/epoch", (("2001:db8::1", 5432),)),
        ("postgresql:///epoch?host=/cloudsql/project:region:name", (("/cloudsql/project:region:name", None),)),
        ("postgresql://u:p@/epoch?host=/var/run/postgresql&port=5433", (("/var/run/postgresql", 5433),)),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql:5433/epoch", (("/var/run/postgresql", 5433),)),
        ("postgresql:///epoch", (("", None),)),
    ],
)
def test_hosts_ports_and_sockets_are_read(url: str, addresses: tuple[tuple[str, int | None], ...]) -> None:
    assert parse_database_url(url).addresses == addresses
    assert parse_database_url(url).database == "epoch"


@pytest.mark.parametrize("password", ["a%40b%2Fc%3Ad%25", "a@b%2Fc:d%25"])
def test_a_password_may_be_percent_encoded(password: str) -> None:
    target = parse_database_url(f"postgresql://epoch:{password}@db.example.com:5432/epoch")
    assert (target.user, target.password) == ("epoch", "a@b/c:d%")


def test_a_plus_is_a_plus() -> None:
    assert parse_database_url("postgresql:///epoch?password=a+b&user=c+d").password == "a+b"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_each_tls_mode_without_a_certificate_is_taken(mode: str) -> None:
    assert parse_database_url(f"postgresql://h/epoch?sslmode={mode}").tls == {"sslmode": mode}


def test_the_roots_of_the_system_mean_a_verified_name() -> None:
    assert parse_database_url("postgresql://h/epoch?sslrootcert=system").tls["sslmode"] == "verify-full"
    assert parse_database_url("postgresql://h/epoch?ssl=true").tls == {"sslmode": "require"}


def test_several_hosts_are_asked_for_one_that_can_be_written_to() -> None:
    assert parse_database_url("postgresql://h1,h2/epoch").session_attributes == "read-write"
    assert parse_database_url("postgresql://h1,h2/epoch?target_session_attrs=primary").session_attributes == "primary"
    assert parse_database_url("postgresql://h1/epoch").session_attributes == "any"


def test_of_a_replica_a_standby_is_asked_for() -> None:
    def attributes(url: str) -> str:
        return parse_database_url(url, is_replica=True).session_attributes

    assert attributes("postgresql://h1/epoch") == "any"
    assert attributes("postgresql://h1,h2/epoch") == "standby"
    for wanted in ("standby", "prefer-standby", "read-only"):
        assert attributes(f"postgresql://h1,h2/epoch?target_session_attrs={wanted}") == wanted
    with pytest.raises(DatabaseUrlError, match="a replica is only read, so it can be standby"):
        attributes("postgresql://h1/epoch?target_session_attrs=read-write")
    with pytest.raises(DatabaseUrlError, match="the product writes"):
        parse_database_url("postgresql://h1/epoch?target_session_attrs=standby")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "EPOCH_DATABASE_REPLICA_URL",
            "postgresql://h/e?target_session_attrs=primary",
            "EPOCH_DATABASE_REPLICA_URL has",
        ),
        ("EPOCH_DATABASE_REPLICA_URL", "postgresql://h/e", "EPOCH_DATABASE_URL must be set"),
        ("EPOCH_DATABASE_REPLICA_MAX_LAG", "4", "a whole number from 5 to 3600"),
    ],
)
def test_a_wrong_setting_of_the_replica_is_named(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings({name: value})


def test_parameters_that_ask_for_what_the_driver_does_are_taken() -> None:
    target = parse_database_url(
        "postgresql://h/epoch?channel_binding=prefer&gssencmode=disable&sslsni=1&client_encoding=UTF8"
        "&application_name=phone&options=-c%20search_path%3Dpublic&connect_timeout=5"
    )
    assert target.startup == {"application_name": "phone", "options": "-c search_path=public"}
    assert target.connect_timeout == 5


def test_a_service_is_looked_up_and_the_url_wins(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_text("[phone]\nhost=h1,h2\nport=5433\nuser=epoch\npassword=50%=#a\ndbname=epoch\nsslmode=require\n")
    environ = {"PGSERVICEFILE": str(file)}
    target = parse_database_url("postgresql:///?service=phone&user=other", environ)
    assert target.addresses == (("h1", 5433), ("h2", 5433))
    assert (target.user, target.password, target.database) == ("other", "50%=#a", "epoch")
    assert target.tls == {"sslmode": "require"}


REFUSED: Mapping[str, str] = {
    "mysql://h/epoch": "postgresql://",
    "postgresql+asyncpg://h/epoch": "postgresql://",
    "postgresql://h:five/epoch": "port",
    "postgresql://h:70000/epoch": "port",
    "postgresql://[half/epoch": "IPv6",
    "postgresql://h1,h2/epoch?port=1,2,3": "port has 3 values for 2 hosts",
    "postgresql://h/epoch?sslmode": "name=value",
    "postgresql://h/epoch?sslmode=always": "sslmode=always",
    "postgresql://h/epoch?ssl=require": "ssl,",
    "postgresql://h/epoch?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem": "sslrootcert=/nowhere/ca.pem",
    "postgresql://h/epoch?sslmode=require&sslrootcert=system": "sslrootcert=system",
    f"postgresql://h/epoch?sslmode=require&sslrootcert={__file__}": "sslrootcert=",
    f"postgresql://h/epoch?sslmode=require&sslcert={__file__}": "sslcert=",
    "postgresql://h/epoch?sslmode=require&channel_binding=require": "channel_binding=require",
    "postgresql://h/epoch?gssencmode=require": "gssencmode=require",
    "postgresql://h/epoch?target_session_attrs=standby": "target_session_attrs=standby",
    "postgresql://h/epoch?connect_timeout=soon": "connect_timeout",
    "postgresql://h/epoch?hostaddr=192.0.2.1": "hostaddr",
    "postgresql://h/epoch?pgbouncer=true": "EPOCH_DATABASE_POOLER=transaction",
    "postgresql://h/epoch?keepalives_idle=30": "keepalives_idle",
    "postgresql://h/epoch?require_auth=scram-sha-256": "require_auth",
    "postgresql://h/epoch?statement_timeout=5000": "statement_timeout",
    "postgresql:///?service=absent": "service=absent",
    "postgresql://h/ep%00och": "NUL",
}


@pytest.mark.parametrize(
    ("url", "named"), [pytest.param(url, named, id=str(at)) for at, (url, named) in enumerate(REFUSED.items())]
)
def test_what_is_not_supported_is_refused_by_one_sentence_that_names_it(url: str, named: str) -> None:
    with pytest.raises(DatabaseUrlError) as error:
        parse_database_url(url, {})
    assert named in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("password", ["p/4ss", "p?4ss", "p:4ss"])
def test_a_refused_url_does_not_show_its_password(password: str) -> None:
    try:
        shown = repr(parse_database_url(f"postgresql://epoch:{password}@h/epoch"))
    except DatabaseUrlError as error:
        shown = str(error)
    assert "4ss" not in shown


def test_a_start_with_a_refused_url_names_the_setting() -> None:
    with pytest.raises(SettingsError, match=r"^EPOCH_DATABASE_URL has sslmode=always"):
        load_settings({"EPOCH_DATABASE_URL": "postgresql://h/epoch?sslmode=always"})
