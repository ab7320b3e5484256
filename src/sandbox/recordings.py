"""Stores the recordings of the account and of the mailboxes of called numbers: WAV files, and a list in JSON."""

import io
import wave
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from kit.private_files import write_private
from sandbox.audio_track import SAMPLE_RATE, Samples
from sandbox.json_rows import read_rows, write_rows
from sandbox.legs import new_sid
from sandbox.transcriptions import Transcriptions

Source = Literal["RecordVerb", "mailbox"]


class Recording(msgspec.Struct, kw_only=True):
    sid: str
    call_sid: str
    created: datetime
    """The recording's beginning."""
    seconds: int
    source: Source
    """``mailbox``: the mailbox of a called number, whose recordings are not resources of the account."""


class Recordings:
    """Reads and changes the recordings; each change is on disk when its method returns."""

    def __init__(self, folder: Path) -> None:
        """Open the files in ``folder``.

        Raises:
            DamagedFileError: a list cannot be parsed.
        """
        self._folder, self._list_file = folder / "recordings", folder / "recordings.json"
        self._rows = {row.sid: row for row in read_rows(self._list_file, list[Recording])}
        self.transcriptions = Transcriptions(folder)

    def all(self) -> list[Recording]:
        """The account's recordings, newest first."""
        return [row for row in reversed(self._rows.values()) if row.source != "mailbox"]

    def find(self, sid: str) -> Recording | None:
        return self._rows.get(sid)

    def file(self, recording: Recording) -> Path:
        """The WAV file: 16 bits, mono, 8 kHz."""
        return self._folder / f"{recording.sid}.wav"

    def add(self, call_sid: str, samples: Samples, *, begun: datetime, source: Source) -> Recording:
        seconds = round(len(samples) / SAMPLE_RATE)
        row = Recording(sid=new_sid("RE"), call_sid=call_sid, created=begun, seconds=seconds, source=source)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_private(self.file(row), as_wav(samples))
        self._rows[row.sid] = row
        self._save()
        return row

    def remove(self, sid: str) -> bool:
        """Return False when the account does not have it."""
        row = self._rows.get(sid)
        if row is None or row.source == "mailbox":
            return False
        del self._rows[sid]
        self.file(row).unlink(missing_ok=True)
        self._save()
        return True

    def _save(self) -> None:
        write_rows(self._list_file, list(self._rows.values()))


def as_wav(samples: Samples) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(samples.tobytes())
    return file.getvalue()
