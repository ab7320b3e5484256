"""The settings of the product: read from environment variables, checked, and kept in one immutable object."""

from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from kit.environment import EnvironmentReader
from kit.money import Money
from kit.secret_keys import SecretKeys

DEVELOPMENT_SECRET = "development-only-secret-change-me-in-production"  # noqa: S105 - named as what it is, refused in production
SANDBOX_ACCOUNT_SID = "AC" + "5a" * 16
SANDBOX_AUTH_TOKEN = "5b" * 16
SANDBOX_API_KEY_SID = "SK" + "5c" * 16
SANDBOX_API_KEY_SECRET = "5d" * 16
SANDBOX_TWIML_APP_SID = "AP" + "5e" * 16
DEVELOPMENT_CONTACT = "support@localhost"
"""The contact outside production where ``EPOCH_CONTACT_EMAIL`` is not set; nobody reads this mailbox."""
HUBSPOT_URL = "https://api.hubapi.com"
FORMER_OTLP_SETTING = "EPOCH_OTLP_ENDPOINT"
EDGE_BY_REGION = {"us1": "ashburn", "ie1": "dublin", "au1": "sydney"}
"""The carrier's edge (point of access) in the same place as each of its regions."""


class CarrierSettings(msgspec.Struct, frozen=True):
    """Credentials of the carrier account; the sandbox has defaults for each."""

    account_sid: str
    """The carrier account."""
    auth_token: str
    """The account's token; it also signs the carrier's callbacks."""
    api_key_sid: str
    """The API key that signs access tokens."""
    api_key_secret: str
    """The secret of that API key."""
    twiml_app_sid: str
    """The TwiML application that ``epoch carrier setup`` creates and configures; that command, ``carrier verify``,
    ``migrate`` and ``doctor`` work without it."""
    auth_token_secondary: str | None = None
    """The account's second token while tokens are rotated: callbacks signed with it are accepted too."""
    webhook_shared_key: str | None = None
    """Secret of the account's shared key for callbacks, where one signs them with HMAC-SHA256."""

    region: str | None = None
    """The carrier's region that the API key belongs to, such as ``ie1``; without it ``us1``. Access tokens name it, and
    requests go to its host."""
    edges: tuple[str, ...] = ()
    """The carrier's edges that browsers try in this order, such as ``dublin,frankfurt``; without it the region's
    own edge, or for ``us1`` the nearest one. With ``TWILIO_REGION``, requests go to the first edge too."""

    @property
    def request_edge(self) -> str | None:
        """The edge in the host name of requests, which only a region needs; None for the carrier's default."""
        public = (edge for edge in self.edges if edge != "roaming" and not edge.endswith("-ix"))
        return next(public, EDGE_BY_REGION.get(self.region)) if self.region else None

    def __repr__(self) -> str:
        return f"CarrierSettings(account_sid={self.account_sid!r}, …)"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The environment's settings. ``make docs`` copies the texts below into docs/configuration.md."""

    env: str
    """With ``production`` the product refuses to start with the values that are marked †."""
    host: str
    """The address to listen on."""
    port: int
    """The port to listen on."""
    public_url: str
    """Scheme, host and port of the product as browsers and the carrier reach it; ``https`` in production."""
    database_url: str | None
    """The database owner's URL; PostgreSQL 14 or newer. Without it the embedded server runs."""
    database_pooler: str
    """``transaction`` when the URL goes through a pooler that gives each transaction another connection to the server,
    such as PgBouncer with ``pool_mode = transaction``."""
    database_direct_url: str | None
    """The database beside the pooler, for migrations, jobs and commands; needed with ``EPOCH_DATABASE_POOLER``."""
    database_replica_url: str | None
    """A streaming standby of the database, which lists, reports and exports read; without it they read the database."""
    database_replica_max_lag: int
    """Seconds that the standby may be behind; beyond them, lists, reports and exports read the database itself."""
    secret_key: str
    """Signs cookies and tickets, and encrypts second factors and queued mails."""
    secret_key_previous: tuple[str, ...] = ()
    """Former secrets while ``EPOCH_SECRET_KEY`` is replaced: they verify and decrypt, and never sign."""
    carrier: str
    """The telephone carrier."""
    carrier_fallback_url: str | None
    """URL on another host that the carrier requests when this product does not answer, such as a TwiML Bin; ``epoch
    carrier setup`` prints the answer that it must give. Without it the carrier requests it from this product."""
    access_token_ttl: int
    """Lifetime of a carrier access token, in seconds."""
    valkey_url: str | None
    """Valkey or Redis server that shares soft rate limits between machines; without it each process counts."""
    smtp_url: str | None
    """Mail server; ``smtp://`` needs STARTTLS in production. Without it mails are files in the data directory."""
    data_dir: Path
    """Folder for the embedded database, mails and the demo token."""
    workers: int
    """Number of serving processes."""
    drain_seconds: int
    """Seconds between a stop signal, when ``/health/ready`` turns to 503, and the end of accepting connections: more
    than a balancer needs to notice."""
    database_connections: int
    """Connections that one worker may open to PostgreSQL, at least 10; ``epoch doctor`` checks them."""
    database_connection_limit: int
    """Connections that this machine may open in all, where a pooler limits them or machines share the server; 0 asks
    the server for its own limit."""
    trusted_proxies: tuple[str, ...]
    """Proxies whose ``X-Forwarded-For`` names the client; ``none`` where no proxy is in front."""
    metrics_token: str | None
    """Bearer token for ``GET /metrics``; without it only this machine reads them, and in production nobody."""
    otlp_endpoint: str | None
    """Collector of traces by OTLP over HTTP, without ``/v1/traces``; needs the extra ``observability``. The other
    standard variables ``OTEL_…`` set the rest, such as ``OTEL_TRACES_SAMPLER``. Its former name
    ``EPOCH_OTLP_ENDPOINT`` is read when this one is not set."""
    sentry_dsn: str | None
    """Sentry project that gets reports of unexpected errors; needs the extra ``observability``."""
    admin_networks: tuple[str, ...]
    """Networks from which ``/admin`` can be reached; without it from everywhere."""
    terms_url: str | None
    """Your terms of service; ``/terms``, in the foot of every page, leads there."""
    privacy_url: str | None
    """Your privacy notice; ``/privacy``, in the foot of every page, leads there."""
    contact_email: str | None
    """E-mail address for questions of customers and reports of vulnerabilities: on ``/contact`` and ``/plans``, in
    mails and in ``/.well-known/security.txt``."""
    plan_prices: Mapping[str, Money]
    """Price of a plan per month, such as ``pro=29 USD, business=79 USD``, on ``/plans``; a plan without one says to
    ask."""
    call_retention_months: int
    """Months after which call data is erased, unless the organization chooses its own."""
    hubspot_url: str
    """HubSpot's API. Only the sandbox accepts another URL, to try a stand-in."""
    sandbox_speed: float
    """Divides the sandbox carrier's scripted waits."""
    sandbox_address: str | None
    """``host:port`` of the running sandbox carrier; the supervisor sets it for its workers, people do not."""
    twilio: CarrierSettings

    def __repr__(self) -> str:
        return f"Settings(env={self.env!r}, public_url={self.public_url!r}, carrier={self.carrier!r}, …)"

    @property
    def secret_keys(self) -> SecretKeys:
        """The current and the previous secrets, from which all keys are derived."""
        return SecretKeys(self.secret_key, self.secret_key_previous)

    @property
    def owner_url(self) -> str | None:
        """The URL for direct connections, without the pooler: for migrations, jobs and commands."""
        return self.database_direct_url or self.database_url

    @property
    def is_pooled_by_transaction(self) -> bool:
        return self.database_pooler == "transaction"

    @property
    def contact(self) -> str:
        """The contact's e-mail address; outside production ``DEVELOPMENT_CONTACT`` where none is set."""
        return self.contact_email or DEVELOPMENT_CONTACT

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def is_sandbox(self) -> bool:
        return self.carrier == "sandbox"

    @property
    def public_is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def public_is_loopback(self) -> bool:
        """True when only this machine reaches the public URL."""
        host = urlsplit(self.public_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")


_PRODUCTION_RULES: Mapping[str, str] = {
    "EPOCH_CARRIER": "must be twilio: the sandbox carrier is not for production",
    "EPOCH_DATABASE_URL": "must be set: the embedded database is not for production",
    "EPOCH_SECRET_KEY": "must be set to a random secret of your own (32 characters or more)",
    "EPOCH_PUBLIC_URL": "must begin with https:// in production",
    "EPOCH_SMTP_URL": "must be set: production sends its mails through a server",
    "EPOCH_TRUSTED_PROXIES": "must name the proxies in front of the product, or be none when there are none",
    "EPOCH_TERMS_URL": "must be set: the URL of the terms that customers accept",
    "EPOCH_PRIVACY_URL": "must be set: the URL of your privacy notice",
    "EPOCH_CONTACT_EMAIL": "must be set: the e-mail address for questions and reports of vulnerabilities",
}
"""Settings that ``EPOCH_ENV=production`` requires, each with the rest of its error message."""
_CARRIER_NAMES = (
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_API_KEY_SID",
    "TWILIO_API_KEY_SECRET",
    "TWILIO_TWIML_APP_SID",
)


def load_settings(environ: Mapping[str, str], *, needs_application: bool = True) -> Settings:
    """Read the settings from ``environ``; without ``needs_application`` the TwiML application's id may be missing.

    Raises:
        SettingsError: values are missing or invalid, or unsafe for real calls, visitors or ``EPOCH_ENV=production``;
            a line for each variable.
    """
    read = EnvironmentReader(environ)
    settings = _read(read, needs_application=needs_application)
    _refuse_missing_extra(read, settings)
    _refuse_incomplete_pooler(read, settings)
    _refuse_fallback_on_own_host(read, settings)
    _refuse_development_values(read, settings)
    if settings.is_production:
        _refuse_unsafe(read, settings)
    read.ensure_accepted()
    return settings


def setting_names() -> frozenset[str]:
    """The names of all variables that ``load_settings`` reads."""
    read = EnvironmentReader({})
    _read(read, needs_application=True)
    return frozenset(read.names)


def _read(read: EnvironmentReader, *, needs_application: bool) -> Settings:
    env = read.choice("EPOCH_ENV", ("development", "production"), "development")
    port = read.whole_number("EPOCH_PORT", 8000, low=1, high=65535)
    carrier = read.choice("EPOCH_CARRIER", ("sandbox", "twilio"), "sandbox")
    _refuse_missing(read, env, carrier, needs_application=needs_application)
    return Settings(
        env=env,
        host=read.text("EPOCH_HOST", "127.0.0.1"),
        port=port,
        public_url=read.origin("EPOCH_PUBLIC_URL", f"http://localhost:{port}"),
        database_url=read.database("EPOCH_DATABASE_URL"),
        database_pooler=read.choice("EPOCH_DATABASE_POOLER", ("none", "transaction"), "none"),
        database_direct_url=read.database("EPOCH_DATABASE_DIRECT_URL"),
        database_replica_url=read.database("EPOCH_DATABASE_REPLICA_URL", is_replica=True),
        database_replica_max_lag=read.whole_number("EPOCH_DATABASE_REPLICA_MAX_LAG", 30, low=5, high=3600),
        secret_key=read.secret("EPOCH_SECRET_KEY", DEVELOPMENT_SECRET),
        secret_key_previous=read.secrets("EPOCH_SECRET_KEY_PREVIOUS"),
        carrier=carrier,
        carrier_fallback_url=read.external_url("EPOCH_CARRIER_FALLBACK_URL"),
        access_token_ttl=read.whole_number("EPOCH_ACCESS_TOKEN_TTL", 3600, low=5, high=86_400),
        valkey_url=read.optional("EPOCH_VALKEY_URL"),
        smtp_url=read.mail_server("EPOCH_SMTP_URL"),
        data_dir=Path(read.text("EPOCH_DATA_DIR", ".local")).absolute(),
        workers=read.whole_number("EPOCH_WORKERS", 1, low=1, high=64),
        drain_seconds=read.whole_number("EPOCH_DRAIN_SECONDS", 10 if env == "production" else 1, low=0, high=300),
        database_connections=read.whole_number("EPOCH_DATABASE_CONNECTIONS", 20, low=10, high=200),
        database_connection_limit=read.whole_number("EPOCH_DATABASE_CONNECTION_LIMIT", 0, low=0, high=100_000),
        trusted_proxies=read.proxies("EPOCH_TRUSTED_PROXIES"),
        metrics_token=read.optional("EPOCH_METRICS_TOKEN"),
        otlp_endpoint=read.otlp_endpoint("OTEL_EXPORTER_OTLP_ENDPOINT", former_name=FORMER_OTLP_SETTING),
        sentry_dsn=read.sentry_project("EPOCH_SENTRY_DSN"),
        admin_networks=read.networks("EPOCH_ADMIN_NETWORKS"),
        terms_url=read.page_url("EPOCH_TERMS_URL"),
        privacy_url=read.page_url("EPOCH_PRIVACY_URL"),
        contact_email=read.email_address("EPOCH_CONTACT_EMAIL"),
        plan_prices=read.plan_prices("EPOCH_PLAN_PRICES"),
        call_retention_months=read.whole_number("EPOCH_CALL_RETENTION_MONTHS", 24, low=1, high=36),
        hubspot_url=read.origin("EPOCH_HUBSPOT_URL", HUBSPOT_URL),
        sandbox_speed=read.positive_number("EPOCH_SANDBOX_SPEED", 1.0),
        sandbox_address=read.optional("EPOCH_SANDBOX_ADDRESS"),
        twilio=_carrier(read, carrier, needs_application=needs_application),
    )


def _refuse_missing(read: EnvironmentReader, env: str, carrier: str, *, needs_application: bool) -> None:
    """Refuse missing settings that the carrier or production requires."""
    production = env == "production"
    for name, rule in _PRODUCTION_RULES.items():
        if production and not read.optional(name):
            read.refuse(name, rule)
    if production or carrier == "twilio":
        for name in _CARRIER_NAMES:
            if needs_application or name != "TWILIO_TWIML_APP_SID":
                read.required(name, None)


def _carrier(read: EnvironmentReader, carrier: str, *, needs_application: bool) -> CarrierSettings:
    sandbox = carrier == "sandbox"
    region = read.matching_text("TWILIO_REGION", pattern=r"[a-z]{2}[0-9]", kind="a region of the carrier such as ie1")
    edges = read.matching_texts(
        "TWILIO_EDGE", pattern=r"[a-z]+(-[a-z]+)*", kind="edges of the carrier such as dublin, comma-separated"
    )
    if region is not None and not edges:
        if region not in EDGE_BY_REGION:
            read.refuse("TWILIO_EDGE", f"must be set with TWILIO_REGION={region}: name the edge of that region")
        edges = (EDGE_BY_REGION[region],) if region in EDGE_BY_REGION and region != "us1" else ()
    has_application = sandbox or needs_application or read.optional("TWILIO_TWIML_APP_SID") is not None
    return CarrierSettings(
        account_sid=read.sid("TWILIO_ACCOUNT_SID", "AC", SANDBOX_ACCOUNT_SID if sandbox else None),
        auth_token=read.required("TWILIO_AUTH_TOKEN", SANDBOX_AUTH_TOKEN if sandbox else None),
        api_key_sid=read.sid("TWILIO_API_KEY_SID", "SK", SANDBOX_API_KEY_SID if sandbox else None),
        api_key_secret=read.required("TWILIO_API_KEY_SECRET", SANDBOX_API_KEY_SECRET if sandbox else None),
        twiml_app_sid=read.sid("TWILIO_TWIML_APP_SID", "AP", SANDBOX_TWIML_APP_SID if sandbox else None)
        if has_application
        else "",
        auth_token_secondary=read.optional("TWILIO_AUTH_TOKEN_SECONDARY"),
        webhook_shared_key=read.optional("TWILIO_WEBHOOK_SHARED_KEY"),
        region=region,
        edges=edges,
    )


def _refuse_development_values(read: EnvironmentReader, settings: Settings) -> None:
    """Refuse publicly known secrets and http where real calls or visitors are at risk, in every ``EPOCH_ENV``."""
    is_for_this_machine = settings.is_sandbox and settings.public_is_loopback
    if settings.secret_key == DEVELOPMENT_SECRET and not is_for_this_machine:
        read.refuse(
            "EPOCH_SECRET_KEY",
            "must be set to a random secret of your own (32 characters or more): the development secret"
            " is public, and EPOCH_CARRIER or EPOCH_PUBLIC_URL is not for this machine alone",
        )
    if DEVELOPMENT_SECRET in settings.secret_key_previous and not is_for_this_machine:
        read.refuse(
            "EPOCH_SECRET_KEY_PREVIOUS",
            "must not contain the development secret: it is public, so anybody could sign in with it",
        )
    if settings.is_sandbox:
        return
    if settings.hubspot_url != HUBSPOT_URL:
        read.refuse("EPOCH_HUBSPOT_URL", "is for the sandbox alone: unset it, so that tokens go to HubSpot only")
    for name, value, known in (
        ("TWILIO_ACCOUNT_SID", settings.twilio.account_sid, SANDBOX_ACCOUNT_SID),
        ("TWILIO_AUTH_TOKEN", settings.twilio.auth_token, SANDBOX_AUTH_TOKEN),
        ("TWILIO_API_KEY_SID", settings.twilio.api_key_sid, SANDBOX_API_KEY_SID),
        ("TWILIO_API_KEY_SECRET", settings.twilio.api_key_secret, SANDBOX_API_KEY_SECRET),
        ("TWILIO_TWIML_APP_SID", settings.twilio.twiml_app_sid, SANDBOX_TWIML_APP_SID),
    ):
        if value == known:
            read.refuse(name, "is the sandbox carrier's: set your carrier account's own")
    if not settings.public_is_https and not settings.public_is_loopback:
        read.refuse(
            "EPOCH_PUBLIC_URL",
            "must begin with https:// with EPOCH_CARRIER=twilio: over http, passwords are sent unencrypted"
            " and browsers allow no microphone",
        )


def _refuse_incomplete_pooler(read: EnvironmentReader, settings: Settings) -> None:
    if settings.database_url is None and settings.database_replica_url is not None:
        read.refuse("EPOCH_DATABASE_URL", "must be set: EPOCH_DATABASE_REPLICA_URL is a standby of that database")
    if settings.database_url is None and settings.database_direct_url is not None:
        read.refuse("EPOCH_DATABASE_URL", "must be set: EPOCH_DATABASE_DIRECT_URL is the same database beside it")
    if settings.is_pooled_by_transaction and settings.database_direct_url is None:
        read.refuse(
            "EPOCH_DATABASE_DIRECT_URL",
            "must be set with EPOCH_DATABASE_POOLER=transaction: migrations and jobs need a connection of their own",
        )


def _refuse_missing_extra(read: EnvironmentReader, settings: Settings) -> None:
    for name, value, package in (
        (read.name_in_use("OTEL_EXPORTER_OTLP_ENDPOINT", FORMER_OTLP_SETTING), settings.otlp_endpoint, "opentelemetry"),
        ("EPOCH_SENTRY_DSN", settings.sentry_dsn, "sentry_sdk"),
    ):
        if value is not None and find_spec(package) is None:
            read.refuse(
                name,
                "is set, but its packages are not installed: install the extra observability"
                " (requirements-observability.lock), or unset it",
            )


def _refuse_fallback_on_own_host(read: EnvironmentReader, settings: Settings) -> None:
    fallback = settings.carrier_fallback_url
    # A refused public URL is read as the default one, which the fallback may equal by chance.
    if fallback is None or read.is_refused("EPOCH_PUBLIC_URL"):
        return
    if urlsplit(fallback).hostname == urlsplit(settings.public_url).hostname:
        read.refuse(
            "EPOCH_CARRIER_FALLBACK_URL",
            "must be on another host than EPOCH_PUBLIC_URL: the carrier requests it when this host does not answer",
        )


def _refuse_unsafe(read: EnvironmentReader, settings: Settings) -> None:
    """Refuse values that are for development only; ``_refuse_missing`` refuses missing values."""
    unsafe = (
        (settings.is_sandbox, "EPOCH_CARRIER"),
        (settings.secret_key == DEVELOPMENT_SECRET, "EPOCH_SECRET_KEY"),
        (not settings.public_is_https, "EPOCH_PUBLIC_URL"),
    )
    for is_unsafe, name in unsafe:
        if is_unsafe:
            read.refuse(name, _PRODUCTION_RULES[name])
