"""Reads and checks environment variables; each method is for one kind of value, such as a URL or a whole number."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import SplitResult, urlsplit

from kit.db.url import DatabaseUrlError, parse_database_url
from kit.money import Money

_DEFAULT_PORTS = {"http": 80, "https": 443}


class SettingsError(Exception):
    """A setting is missing or invalid; the message names it and says what to do."""


_EMAIL = re.compile(r"[A-Za-z0-9.!#$&'*+/=^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
PLAN_NAMES = ("starter", "pro", "business", "enterprise")
_PRICE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,2})?) ?([A-Z]{3})")


class EnvironmentReader:
    """Reads environment variables. An empty variable counts as not set.

    A refused value is recorded, and its default is returned, so that all refused values are reported together.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._refusals: dict[str, str] = {}
        self.names: set[str] = set()
        """The variables that were read."""

    def refuse(self, name: str, reason: str) -> None:
        """Record that the value of ``name`` cannot be used. Only the first reason counts: others may follow from it."""
        self._refusals.setdefault(name, f"{name} {reason}")

    def is_refused(self, name: str) -> bool:
        return name in self._refusals

    def ensure_accepted(self) -> None:
        """Raises: SettingsError, with a line for each refused variable."""
        if self._refusals:
            raise SettingsError("\n".join(self._refusals.values()))

    def optional(self, name: str) -> str | None:
        self.names.add(name)
        return self._environ.get(name, "").strip() or None

    def name_in_use(self, name: str, former_name: str) -> str:
        """``name``; if only ``former_name`` is set, ``former_name``."""
        return former_name if self.optional(name) is None and self.optional(former_name) is not None else name

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def required(self, name: str, default: str | None) -> str:
        value = self.optional(name) or default
        if value is None:
            self.refuse(name, "is not set: EPOCH_CARRIER=twilio needs it")
        return value or ""

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            self.refuse(name, f"must be one of {', '.join(choices)}, not {value!r}")
            return default
        return value

    def whole_number(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name, str(default))
        # Python refuses to parse thousands of digits; no setting needs more than nine.
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):
            self.refuse(name, f"must be a whole number from {low} to {high}, not {value[:40]!r}")
            return default
        return int(value)

    def positive_number(self, name: str, default: float) -> float:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number <= 1000:
            self.refuse(name, f"must be a number above 0 and at most 1000, not {value!r}")
            return default
        return number

    def secret(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if len(value) < 32:
            self.refuse(name, "must have at least 32 characters")
            return default
        return value

    def secrets(self, name: str) -> tuple[str, ...]:
        values = tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())
        if any(len(value) < 32 for value in values):
            self.refuse(name, "must be secrets of at least 32 characters, comma-separated")
            return ()
        return values

    def matching_text(self, name: str, *, pattern: str, kind: str) -> str | None:
        """A text that matches ``pattern``; ``kind`` describes such texts in the error."""
        value = self.optional(name)
        if value is not None and not re.fullmatch(pattern, value):
            self.refuse(name, f"must be {kind}, not {value[:40]!r}")
            return None
        return value

    def matching_texts(self, name: str, *, pattern: str, kind: str) -> tuple[str, ...]:
        """Comma-separated values as of ``matching_text``."""
        values = tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())
        for value in values:
            if not re.fullmatch(pattern, value):
                self.refuse(name, f"must be {kind}, not {value[:40]!r}")
                return ()
        return values

    def sid(self, name: str, prefix: str, default: str | None) -> str:
        value = self.required(name, default)
        if not (value.startswith(prefix) and len(value) == 34 and value[2:].isalnum()):
            self.refuse(name, f"must be {prefix} followed by 32 letters and digits")
        return value

    def origin(self, name: str, default: str) -> str:
        """Scheme, host and port as browsers write them in ``Origin``: lower case, without the default port."""
        value = self.text(name, default)
        parts = _split_url(value)
        if (
            parts is None
            or parts.scheme not in _DEFAULT_PORTS
            or not parts.hostname
            or parts.path not in ("", "/")
            or any(mark in value for mark in "@?#")
        ):
            self.refuse(name, f"must be like https://voice.example.com (scheme, host and port only), not {value!r}")
            return default
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"

    def external_url(self, name: str) -> str | None:
        """A URL on another server, with a path."""
        value = self.optional(name)
        if value is not None and not _is_http_url(value):
            self.refuse(name, f"must be like https://handler.twilio.com/twiml/EH… , not {value[:80]!r}")
            return None
        return value

    def page_url(self, name: str) -> str | None:
        """The URL of a page for people."""
        value = self.optional(name)
        if value is None or (_is_http_url(value) and value.isascii() and value.isprintable() and " " not in value):
            return value
        self.refuse(name, f"must be like https://www.example.com/terms, not {value[:80]!r}")
        return None

    def otlp_endpoint(self, name: str, *, former_name: str) -> str | None:
        """The URL of a collector of traces. The error does not repeat the value, which may contain a password."""
        name = self.name_in_use(name, former_name)
        value = self.optional(name)
        if value is not None and not _is_http_url(value):
            self.refuse(name, "must be like http://collector.example.com:4318")
            return None
        return value

    def sentry_project(self, name: str) -> str | None:
        """The URL (DSN) of a Sentry project. It contains the project's key, so the error does not repeat it."""
        value = self.optional(name)
        if value is not None and not re.fullmatch(r"https?://[0-9a-zA-Z]+@[\w.:-]+(?:/[\w-]+)*/[0-9]+", value):
            self.refuse(name, "must be like https://key@sentry.example.com/1")
            return None
        return value

    def plan_prices(self, name: str) -> Mapping[str, Money]:
        """Amounts of some plans, as ``pro=29 USD, business=79.50 EUR``."""
        prices: dict[str, Money] = {}
        for entry in (part.strip() for part in self.text(name, "").split(",") if part.strip()):
            plan, price = (part.strip() for part in entry.partition("=")[::2])
            found = _PRICE.fullmatch(price)
            if plan not in PLAN_NAMES or plan in prices or found is None:
                self.refuse(
                    name,
                    f"must be like pro=29 USD, business=79.50 USD (plans: {', '.join(PLAN_NAMES)}; each at most"
                    f" once), not {entry[:40]!r}",
                )
                return {}
            prices[plan] = Money.parse(found[1], found[2])
        return prices

    def database(self, name: str, *, is_replica: bool = False) -> str | None:
        value = self.optional(name)
        if value is not None:
            try:
                parse_database_url(value, self._environ, is_replica=is_replica)
            except DatabaseUrlError as error:
                self.refuse(name, str(error))
                return None
        return value

    def mail_server(self, name: str) -> str | None:
        value = self.optional(name)
        parts = _split_url(value or "")
        if value is not None and (parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            # The message does not repeat the value: it may contain a password.
            self.refuse(name, "must be like smtp://user:password@mail.example.com:587 (or smtps://)")
            return None
        return value

    def email_address(self, name: str) -> str | None:
        value = self.optional(name)
        if value is not None and not _EMAIL.fullmatch(value):
            self.refuse(name, f"must be an e-mail address like security@example.com, not {value[:80]!r}")
            return None
        return value

    def networks(self, name: str) -> tuple[str, ...]:
        entries = tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())
        for entry in entries:
            try:
                ip_network(entry)
            except ValueError:
                self.refuse(name, f"must be IP addresses or networks, comma-separated, not {entry!r}")
                return ()
        return entries

    def proxies(self, name: str) -> tuple[str, ...]:
        if self.text(name, "").lower() == "none":
            return ()
        entries = self.networks(name)
        if not entries and self.optional(name):
            self.refuse(name, "must be IP addresses or networks, comma-separated, or none")
        if any(ip_network(entry).prefixlen == 0 for entry in entries):
            self.refuse(name, "must name your own proxies: a network of all addresses trusts every client")
        return entries


def _is_http_url(value: str) -> bool:
    """True for an http or https URL with a host, without a user name."""
    parts = _split_url(value)
    return bool(parts and parts.scheme in _DEFAULT_PORTS and parts.hostname and "@" not in parts.netloc)


def _split_url(url: str) -> SplitResult | None:
    """The parts of ``url``; None when the URL or its port cannot be parsed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
