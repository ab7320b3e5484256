"""Formats, parses and compares saved ends of audit chains: an earlier verification printed the length and last
digest of each chain, and an operator saved them outside the database.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from kit.audit_chain import PLATFORM_CHAIN
from kit.errors import Invalid

ERASED_ACTION = "organization.erased"
_LINE = re.compile(
    r"(?:platform|organization (?P<id>[0-9a-f-]{36})): (?P<length>[1-9]\d{0,17}) events, end (?P<digest>[0-9a-f]{64})"
)
_NAMES = ("platform", "organization")
_END = " events, end "

SavedEnds = Mapping[UUID, Mapping[int, str]]
"""For each chain its saved ends: digests (hexadecimal) by the chain's length at that time."""


class SavedEndsNotReadable(Invalid):
    """The text is not what ``epoch audit verify --ends`` prints."""

    code = "kept_ends_not_readable"


def format_end(chain_id: UUID, length: int, digest: str) -> str:
    """The line that a verification prints about one end."""
    name = "platform" if chain_id == PLATFORM_CHAIN else f"organization {chain_id}"
    return f"{name}: {length} events, end {digest}"


def parse_saved_ends(text: str) -> SavedEnds:
    """The ends in the output of one or several verifications; their other lines are ignored.

    Raises: SavedEndsNotReadable, when a line is damaged, two lines contradict each other, or there is none.
    """
    found: dict[UUID, dict[int, str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith(_NAMES) and _END not in line:
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise SavedEndsNotReadable(f"Line {number} of the saved ends is damaged: {line[:80]}")
        chain_id = UUID(match["id"]) if match["id"] else PLATFORM_CHAIN
        known = found.setdefault(chain_id, {}).setdefault(int(match["length"]), match["digest"])
        if known != match["digest"]:
            raise SavedEndsNotReadable(f"Line {number} of the saved ends contradicts an earlier line: {line[:80]}")
    if not found:
        raise SavedEndsNotReadable("There are no ends: give the file with the output of `epoch audit verify --ends`")
    return found


def erased_end(event: Any) -> dict[UUID, tuple[int, str]]:
    """The end of an erased organization's chain, from the event of its erasure; empty when it had no chain."""
    chain = (msgspec.json.decode(event.details) if event.details else {}).get("audit_log")
    return {} if chain is None else {event.subject_id: (chain["length"], chain["end"])}


def are_ends_of(saved_ends: Mapping[int, str], erased: tuple[int, str] | None) -> bool:
    """True when ``saved_ends`` fit a chain that was erased when its end was ``erased``."""
    if erased is None:
        return False
    length, digest = erased
    return max(saved_ends) <= length and saved_ends.get(length, digest) == digest
