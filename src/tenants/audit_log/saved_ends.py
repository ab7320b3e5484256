"""Formats, parses and compares kept ends: ends of audit chains that an earlier verification printed and that somebody
keeps outside the database.
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

KeptEnds = Mapping[UUID, Mapping[int, str]]
"""For each chain its kept ends: digests (hexadecimal) by the chain's length at that time."""


class KeptEndsNotReadable(Invalid):
    """The text is not what ``epoch audit verify --ends`` prints."""

    code = "kept_ends_not_readable"


def format_end(chain_id: UUID, length: int, digest: str) -> str:
    """The line that a verification prints about one end."""
    name = "platform" if chain_id == PLATFORM_CHAIN else f"organization {chain_id}"
    return f"{name}: {length} events, end {digest}"


def parse_kept_ends(text: str) -> KeptEnds:
    """The ends in the output of one or several verifications; their other lines are ignored.

    Raises: KeptEndsNotReadable, when a line is damaged, two lines contradict each other, or there is none.
    """
    found: dict[UUID, dict[int, str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith(_NAMES) and _END not in line:
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise KeptEndsNotReadable(f"Line {number} of the kept ends is damaged: {line[:80]}")
        chain_id = UUID(match["id"]) if match["id"] else PLATFORM_CHAIN
        known = found.setdefault(chain_id, {}).setdefault(int(match["length"]), match["digest"])
        if known != match["digest"]:
            raise KeptEndsNotReadable(f"Line {number} of the kept ends contradicts an earlier line: {line[:80]}")
    if not found:
        raise KeptEndsNotReadable("There are no ends: give the file with the output of `epoch audit verify --ends`")
    return found


def erased_end(event: Any) -> dict[UUID, tuple[int, str]]:
    """The end of an erased organization's chain, from the event of its erasure; empty when it had no chain."""
    chain = (msgspec.json.decode(event.details) if event.details else {}).get("audit_log")
    return {} if chain is None else {event.subject_id: (chain["length"], chain["end"])}


def are_ends_of(kept: Mapping[int, str], erased: tuple[int, str] | None) -> bool:
    """True when the ends ``kept`` fit a chain that was erased when its end was ``erased``."""
    if erased is None:
        return False
    length, digest = erased
    return max(kept) <= length and kept.get(length, digest) == digest
