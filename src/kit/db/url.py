"""Parses database URLs in every form of PostgreSQL's library libpq; refuses parameters that are not supported."""

import configparser
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import msgspec

SCHEMES = ("postgresql", "postgres")
TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SYSTEM_ROOTS = "system"
"""``sslrootcert=system``: the certificate authorities that the operating system trusts."""
_TLS_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_TLS_PARAMETERS = (
    *_TLS_FILES,
    "sslmode",
    "sslpassword",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
)
_CONNECTION_PARAMETERS = ("host", "port", "user", "password", "passfile", "dbname")
_WRITABLE_ATTRIBUTES = ("any", "read-write", "primary")
_READABLE_ATTRIBUTES = ("any", "standby", "prefer-standby", "read-only")
_ACCEPTED_VALUES = {
    # Except for the last parameter: values for what the driver does by default.
    "channel_binding": ("disable", "prefer"),
    "client_encoding": ("auto", "utf8", "utf-8"),
    "gssencmode": ("disable", "prefer"),
    "load_balance_hosts": ("disable",),
    "sslcertmode": ("allow",),
    "sslcompression": ("0",),
    "sslsni": ("1",),
    "target_session_attrs": _WRITABLE_ATTRIBUTES,
}
_ADVICE = {
    "channel_binding": "leave it out; sslmode=verify-full proves the server's identity too",
    "hostaddr": "write the address as the host",
    "load_balance_hosts": "leave it out; the hosts are tried in the order of the URL",
    "pgbouncer": "leave it out and set EPOCH_DATABASE_POOLER=transaction",
    "ssl": "write sslmode=require, or sslmode=verify-full with sslrootcert",
    "target_session_attrs": "the product writes, so it can be read-write, primary or any",
}
_REPLICA_ADVICE = "a replica is only read, so it can be standby, prefer-standby, read-only or any"
_OTHER_ADVICE = "leave it out; a setting of the server is written as options=-c%20name%3Dvalue"
_SERVICE_FILE = ".pg_service.conf"


class DatabaseUrlError(ValueError):
    """The URL cannot be used; the message names the parameter and repeats no password."""


class DatabaseTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The database that a URL names and how to reach it. Fields that are None or empty have the driver's default."""

    addresses: tuple[tuple[str, int | None], ...]
    """Host and port, in the order in which they are tried; a host is a name, an IP address or a socket folder."""
    user: str | None
    password: str | None
    passfile: str | None
    database: str | None
    tls: Mapping[str, str]
    """The parameters that begin with ``ssl``."""
    session_attributes: str
    """``any``, ``read-write`` or ``primary``; a replica's ``any``, ``standby``, ``prefer-standby`` or ``read-only``."""
    startup: Mapping[str, str]
    """Start-up parameters of the session: ``application_name`` and ``options``."""
    connect_timeout: float | None
    """Seconds for one attempt at one address."""

    def __repr__(self) -> str:
        return f"DatabaseTarget(addresses={self.addresses!r}, database={self.database!r}, …)"

    @property
    def trusts_system_roots(self) -> bool:
        return self.tls.get("sslrootcert") == SYSTEM_ROOTS


def parse_database_url(
    url: str, environ: Mapping[str, str] | None = None, *, is_replica: bool = False
) -> DatabaseTarget:
    """Parse ``url``; a parameter ``service`` is looked up in the connection service file.

    ``is_replica`` is for the URL of a standby, for which other ``target_session_attrs`` are accepted.

    Raises:
        DatabaseUrlError: a part is wrong or not supported, or a file that it names cannot be used.
    """
    scheme, found, rest = url.partition("://")
    if not found or scheme not in SCHEMES:
        raise DatabaseUrlError("must be a postgresql:// address")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    given = {"user": unquote(user), "password": unquote(password), "dbname": unquote(path)}
    given = {name: value for name, value in given.items() if value} | _query(query)
    if "service" in given:
        environ = os.environ if environ is None else environ
        given = _service(given.pop("service"), environ) | given
    if "database" in given:
        given.setdefault("dbname", given.pop("database"))
    tls = {name: given.pop(name) for name in _TLS_PARAMETERS if name in given}
    connection = {name: given.pop(name) for name in _CONNECTION_PARAMETERS if name in given}
    addresses = _addresses(hosts, connection.get("host"), connection.get("port"))
    target = DatabaseTarget(
        addresses=addresses,
        user=connection.get("user"),
        password=connection.get("password"),
        passfile=connection.get("passfile"),
        database=connection.get("dbname"),
        tls=_checked_tls(tls),
        connect_timeout=_seconds(given.pop("connect_timeout", None)),
        startup=_startup(given),
        session_attributes=_session_attributes(given, addresses, is_replica=is_replica),
    )
    _refuse_unsupported(given, is_replica=is_replica)
    if any("\0" in text for text in (url, *tls.values(), *connection.values())):
        raise DatabaseUrlError("contains the character NUL (%00)")
    return target


def _query(text: str) -> dict[str, str]:
    parameters = {}
    for part in filter(None, text.split("&")):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise DatabaseUrlError("must have parameters of the form ?name=value&name=value")
        parameters[unquote(name)] = unquote(value)
    if parameters.get("ssl") == "true":
        # As libpq does, for URLs written for Java.
        del parameters["ssl"]
        parameters.setdefault("sslmode", "require")
    return parameters


def _service(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a section of the service file."""
    file = Path(environ.get("PGSERVICEFILE") or Path(environ.get("HOME") or "~").expanduser() / _SERVICE_FILE)
    sections = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    try:
        sections.read_string(file.read_text())
        return dict(sections[name])
    except OSError as error:
        raise DatabaseUrlError(
            f"service={name} needs the file {file}, which cannot be read; PGSERVICEFILE names another"
        ) from error
    except (KeyError, configparser.Error, UnicodeDecodeError) as error:
        raise DatabaseUrlError(
            f"service={name} is not a section of {file}; PGSERVICEFILE names another file"
        ) from error


def _addresses(authority: str, host: str | None, port: str | None) -> tuple[tuple[str, int | None], ...]:
    if host is not None:
        pairs = [(name, "") for name in host.split(",")]
    elif authority:
        pairs = [_host_and_port(part) for part in authority.split(",")]
    else:
        pairs = [("", "")]
    ports = (port or "").split(",")
    if len(ports) not in (1, len(pairs)):
        raise DatabaseUrlError(f"port has {len(ports)} values for {len(pairs)} hosts")
    if len(ports) == 1:
        ports *= len(pairs)
    return tuple((name, _port(own or other)) for (name, own), other in zip(pairs, ports, strict=True))


def _host_and_port(part: str) -> tuple[str, str]:
    if part.startswith("["):
        name, closed, rest = part[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise DatabaseUrlError("has an IPv6 address that is not like [2001:db8::1]:5432")
        return unquote(name), rest[1:]
    name, _, port = part.partition(":")
    return unquote(name), port


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536):
        # The message does not repeat the value: it may be a part of a password that is not percent-encoded.
        raise DatabaseUrlError("has a port that is not a number from 1 to 65535; percent-encode : / ? in a password")
    return int(text)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise DatabaseUrlError(f"connect_timeout must be a whole number of seconds, not {text!r}")
    return float(text) or None  # libpq: 0 is no limit


def _startup(given: dict[str, str]) -> dict[str, str]:
    fallback = given.pop("fallback_application_name", None)
    name = given.pop("application_name", fallback)
    options = given.pop("options", None)
    return {key: value for key, value in (("application_name", name), ("options", options)) if value}


def _session_attributes(
    given: dict[str, str], addresses: tuple[tuple[str, int | None], ...], *, is_replica: bool
) -> str:
    wanted = given.get("target_session_attrs", "any")
    if wanted == "any" and len(addresses) > 1:
        # A standby among the hosts refuses every write; a primary among the hosts of a replica is no replica.
        return "standby" if is_replica else "read-write"
    return wanted


def _refuse_unsupported(given: Mapping[str, str], *, is_replica: bool) -> None:
    for name, value in given.items():
        accepted, advice = _ACCEPTED_VALUES.get(name, ()), _ADVICE.get(name, _OTHER_ADVICE)
        if is_replica and name == "target_session_attrs":
            accepted, advice = _READABLE_ATTRIBUTES, _REPLICA_ADVICE
        if value.lower() not in accepted:
            shown = f"{name}={value}" if accepted else name
            raise DatabaseUrlError(f"has {shown}, which is not supported: {advice}")


def _checked_tls(tls: dict[str, str]) -> dict[str, str]:
    if tls.get("sslrootcert") == SYSTEM_ROOTS:
        tls.setdefault("sslmode", "verify-full")
        if tls["sslmode"] != "verify-full":
            raise DatabaseUrlError(
                f"has sslrootcert=system with sslmode={tls['sslmode']}: it needs sslmode=verify-full"
            )
    mode = tls.get("sslmode", "prefer")
    if mode not in TLS_MODES:
        raise DatabaseUrlError(f"has sslmode={mode}: it must be one of {', '.join(TLS_MODES)}")
    if mode != "disable":
        _check_files(mode, tls)
    return tls


def _check_files(mode: str, tls: Mapping[str, str]) -> None:
    """Load the files that the driver will load for each connection. Raises: DatabaseUrlError."""
    for name in _TLS_FILES:
        if name in tls and tls[name] != SYSTEM_ROOTS and not os.access(tls[name], os.R_OK):
            raise DatabaseUrlError(f"has {name}={tls[name]}, which is no file that this user can read")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("sslrootcert", "sslcrl"):
        if name in tls and tls[name] != SYSTEM_ROOTS:
            try:
                context.load_verify_locations(cafile=tls[name])
            except ssl.SSLError as error:
                raise DatabaseUrlError(f"has {name}={tls[name]}, which holds no certificate in PEM form") from error
    if "sslcert" in tls:
        try:
            context.load_cert_chain(tls["sslcert"], tls.get("sslkey"), lambda: tls.get("sslpassword", ""))
        except ssl.SSLError as error:
            raise DatabaseUrlError(
                f"has sslcert={tls['sslcert']}, which holds no certificate in PEM form that fits sslkey"
            ) from error
    if mode.startswith("verify-") and "sslrootcert" not in tls and not _has_default_roots():
        raise DatabaseUrlError(f"has sslmode={mode} without sslrootcert: name the file of the authority, or `system`")


def _has_default_roots() -> bool:
    return bool(os.environ.get("PGSSLROOTCERT")) or (Path.home() / ".postgresql" / "root.crt").exists()
