"""Stores the sandbox account in JSON files: numbers, addresses, caller ids, applications, usage triggers, past legs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from sandbox.json_rows import read_rows, write_rows
from sandbox.legs import Leg, new_sid


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
    voice_fallback_url: str = ""
    status_callback: str = ""
    address_sid: str = ""
    bundle_sid: str = ""


class Address(msgspec.Struct, kw_only=True):
    """A postal address."""

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


class CallerId(msgspec.Struct, kw_only=True):
    """A number outside the account that its holder confirmed: calls may show it."""

    sid: str
    e164: str
    friendly_name: str
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


class AccountStore:
    """Reads and changes the account; each change is on disk when its method returns."""

    def __init__(self, folder: Path, application_sid: str) -> None:
        """Open the files in ``folder``; add the application ``application_sid`` when it is missing.

        Raises:
            DamagedFileError: a file cannot be parsed.
        """
        self._numbers_file = folder / "numbers.json"
        self._applications_file = folder / "applications.json"
        self._triggers_file = folder / "usage_triggers.json"
        self._addresses_file = folder / "addresses.json"
        self._caller_ids_file = folder / "caller_ids.json"
        self._legs_file = folder / "legs.json"
        self._numbers = {row.sid: row for row in read_rows(self._numbers_file, list[Number])}
        self._applications = {row.sid: row for row in read_rows(self._applications_file, list[Application])}
        self._triggers = {row.sid: row for row in read_rows(self._triggers_file, list[UsageTrigger])}
        self._addresses = {row.sid: row for row in read_rows(self._addresses_file, list[Address])}
        self._caller_ids = {row.sid: row for row in read_rows(self._caller_ids_file, list[CallerId])}
        if application_sid not in self._applications:
            now = _now()
            application = Application(sid=application_sid, friendly_name="Epoch Voice", created=now, updated=now)
            self._applications[application_sid] = application

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
            write_rows(self._numbers_file, list(self._numbers.values()))
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
        write_rows(self._triggers_file, list(self._triggers.values()))
        return row

    def remove_usage_trigger(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._triggers.pop(sid, None)
        if row is not None:
            write_rows(self._triggers_file, list(self._triggers.values()))
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
        write_rows(self._addresses_file, list(self._addresses.values()))
        return row

    def remove_address(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._addresses.pop(sid, None)
        if row is not None:
            write_rows(self._addresses_file, list(self._addresses.values()))
        return row is not None

    def caller_ids(self) -> list[CallerId]:
        """Newest first, like the carrier's list."""
        return list(reversed(self._caller_ids.values()))

    def add_caller_id(self, e164: str, friendly_name: str) -> CallerId:
        now = _now()
        row = CallerId(sid=new_sid("PN"), e164=e164, friendly_name=friendly_name, created=now, updated=now)
        self._caller_ids[row.sid] = row
        write_rows(self._caller_ids_file, list(self._caller_ids.values()))
        return row

    def remove_caller_id(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._caller_ids.pop(sid, None)
        if row is not None:
            write_rows(self._caller_ids_file, list(self._caller_ids.values()))
        return row is not None

    def legs(self) -> list[Leg]:
        """The ended legs of earlier runs, newest first."""
        return read_rows(self._legs_file, list[Leg])

    def save_legs(self, legs: list[Leg]) -> None:
        write_rows(self._legs_file, legs)

    def save(self, row: Number | Application) -> None:
        """Write the changes made to ``row``."""
        row.updated = _now()
        if isinstance(row, Number):
            write_rows(self._numbers_file, list(self._numbers.values()))
        else:
            write_rows(self._applications_file, list(self._applications.values()))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
