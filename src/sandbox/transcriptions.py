"""Stores the transcriptions of the account's recordings in a JSON file."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from sandbox.json_rows import read_rows, write_rows
from sandbox.legs import new_sid

SHORTEST_SECONDS, LONGEST_SECONDS = 2, 120
"""A recording is transcribed when it has at least the first number of seconds and less than the second."""


class Transcription(msgspec.Struct, kw_only=True):
    sid: str
    recording_sid: str
    created: datetime
    seconds: int
    """The recording's duration."""
    status: Literal["in-progress", "completed", "failed"] = "in-progress"
    text: str = ""


class Transcriptions:
    """Reads and changes the transcriptions; each change is on disk when its method returns."""

    def __init__(self, folder: Path) -> None:
        """Open the list in ``folder``.

        Raises:
            DamagedFileError: the list cannot be parsed.
        """
        self._list_file = folder / "transcriptions.json"
        self._rows = {row.sid: row for row in read_rows(self._list_file, list[Transcription])}

    def all(self) -> list[Transcription]:
        """Newest first."""
        return list(reversed(self._rows.values()))

    def find(self, sid: str) -> Transcription | None:
        return self._rows.get(sid)

    def begin(self, recording_sid: str, *, seconds: int, at: datetime) -> Transcription:
        row = Transcription(sid=new_sid("TR"), recording_sid=recording_sid, created=at, seconds=seconds)
        self._rows[row.sid] = row
        self._save()
        return row

    def end(self, row: Transcription, text: str | None) -> None:
        """Complete ``row`` with ``text``; None marks it as failed."""
        row.status, row.text = ("failed", "") if text is None else ("completed", text)
        if row.sid in self._rows:
            self._save()

    def remove(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        if self._rows.pop(sid, None) is None:
            return False
        self._save()
        return True

    def _save(self) -> None:
        write_rows(self._list_file, list(self._rows.values()))
