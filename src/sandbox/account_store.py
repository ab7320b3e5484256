"""Stores the numbers, applications and past calls of the sandbox's one account in JSON files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from kit.private_files import write_private
from sandbox.legs import Leg, new_sid


class AccountStoreError(Exception):
    """A file cannot be read; the message names it and says what to do."""


class NumberTakenError(Exception):
    """The account has this number already."""


class Number(msgspec.Struct, kw_only=True):
    sid: str
    e164: str
    friendly_name: str
    created: datetime
    updated: datetime
    voice_application_sid: str = ""
    voice_url: str = ""
    address_sid: str = ""
    bundle_sid: str = ""


class Address(msgspec.Struct, kw_only=True):
    sid: str
    friendly_name: str
    customer_name: str
    street: str
    city: str
    region: str
    postal_code: str
    iso_country: str
    created: datetime
    updated: datetime


class Application(msgspec.Struct, kw_only=True):
    """A TwiML application: the callback URLs for calls from browsers."""

    sid: str
    friendly_name: str
    created: datetime
    updated: datetime
    voice_url: str = ""
    status_callback: str = ""
    voice_fallback_url: str = ""


class UsageTrigger(msgspec.Struct, kw_only=True):
    """A request to call ``callback_url`` when the usage of a category reaches a value."""

    sid: str
    friendly_name: str
    usage_category: str
    trigger_by: str
    trigger_value: str
    recurring: str
    callback_url: str
    callback_method: str
    created: datetime
    updated: datetime


Row = TypeVar("Row", Number, Application, UsageTrigger)
Stored = TypeVar("Stored", Number, Application, UsageTrigger, Address, Leg)


class AccountStore:
    """Reads and changes the account; each change is on disk when its method returns."""

    def __init__(self, folder: Path, application_sid: str) -> None:
        """Open the files in ``folder``; add the application ``application_sid`` when it is missing.

        Raises:
            AccountStoreError: a file is damaged.
        """
        self._numbers_file = folder / "numbers.json"
        self._applications_file = folder / "applications.json"
        self._triggers_file = folder / "usage_triggers.json"
        self._addresses_file = folder / "addresses.json"
        self._legs_file = folder / "legs.json"
        self._numbers = {row.sid: row for row in _read(self._numbers_file, list[Number])}
        self._applications = {row.sid: row for row in _read(self._applications_file, list[Application])}
        self._triggers = {row.sid: row for row in _read(self._triggers_file, list[UsageTrigger])}
        self._addresses = {row.sid: row for row in _read(self._addresses_file, list[Address])}
        if application_sid not in self._applications:
            now = _now()
            first = Application(sid=application_sid, friendly_name="Epoch Voice", created=now, updated=now)
            self._applications[application_sid] = first

    def numbers(self) -> list[Number]:
        """Newest first, like the carrier's list."""
        return list(reversed(self._numbers.values()))

    def number(self, sid: str) -> Number | None:
        return self._numbers.get(sid)

    def add_number(self, e164: str, friendly_name: str) -> Number:
        """Buy ``e164``.

        Raises:
            NumberTakenError: the account has it already.
        """
        if any(row.e164 == e164 for row in self._numbers.values()):
            raise NumberTakenError
        now = _now()
        row = Number(sid=new_sid("PN"), e164=e164, friendly_name=friendly_name, created=now, updated=now)
        self._numbers[row.sid] = row
        self.save(row)
        return row

    def remove_number(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._numbers.pop(sid, None)
        if row is not None:
            _write(self._numbers_file, list(self._numbers.values()))
        return row is not None

    def applications(self) -> list[Application]:
        return list(reversed(self._applications.values()))

    def application(self, sid: str) -> Application | None:
        return self._applications.get(sid)

    def add_application(self, friendly_name: str) -> Application:
        now = _now()
        row = Application(sid=new_sid("AP"), friendly_name=friendly_name, created=now, updated=now)
        self._applications[row.sid] = row
        self.save(row)
        return row

    def usage_triggers(self) -> list[UsageTrigger]:
        return list(reversed(self._triggers.values()))

    def add_usage_trigger(self, **fields: str) -> UsageTrigger:
        """Add a trigger with the struct's fields."""
        now = _now()
        row = UsageTrigger(sid=new_sid("UT"), created=now, updated=now, **fields)
        self._triggers[row.sid] = row
        _write(self._triggers_file, list(self._triggers.values()))
        return row

    def remove_usage_trigger(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._triggers.pop(sid, None)
        if row is not None:
            _write(self._triggers_file, list(self._triggers.values()))
        return row is not None

    def addresses(self) -> list[Address]:
        """Newest first, like the carrier's list."""
        return list(reversed(self._addresses.values()))

    def address(self, sid: str) -> Address | None:
        return self._addresses.get(sid)

    def add_address(self, **fields: str) -> Address:
        now = _now()
        row = Address(sid=new_sid("AD"), created=now, updated=now, **fields)
        self._addresses[row.sid] = row
        _write(self._addresses_file, list(self._addresses.values()))
        return row

    def remove_address(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._addresses.pop(sid, None)
        if row is not None:
            _write(self._addresses_file, list(self._addresses.values()))
        return row is not None

    def legs(self) -> list[Leg]:
        """The ended legs of earlier runs, newest first."""
        return _read(self._legs_file, list[Leg])

    def save_legs(self, legs: list[Leg]) -> None:
        _write(self._legs_file, legs)

    def save(self, row: Number | Application) -> None:
        """Write the changes made to ``row``."""
        row.updated = _now()
        if isinstance(row, Number):
            _write(self._numbers_file, list(self._numbers.values()))
        else:
            _write(self._applications_file, list(self._applications.values()))


def _read(file: Path, kind: type[list[Stored]]) -> list[Stored]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return []
    except msgspec.MsgspecError as error:
        message = f"{file} is damaged ({error}); delete it, and the sandbox starts without its contents"
        raise AccountStoreError(message) from error


def _write(file: Path, rows: list[Stored]) -> None:
    """Replace the file atomically, so that a crash leaves the old or the new one."""
    write_private(file, msgspec.json.format(msgspec.json.encode(rows), indent=1))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
