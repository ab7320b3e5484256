"""Stores what a ``<Record>`` verb recorded, transcribes it, and sends the callbacks about both."""

from datetime import timedelta
from email.utils import format_datetime

from sandbox.call_environment import Environment
from sandbox.callback_forms import API_VERSION, Form, line_form
from sandbox.legs import new_sid
from sandbox.line import Line
from sandbox.recordings import Recording, Recordings
from sandbox.switches import Switches
from sandbox.transcriptions import LONGEST_SECONDS, SHORTEST_SECONDS, Transcription
from sandbox.twiml_verbs import Record


class RecordingReports:
    """Stores and reports the recordings of one call."""

    def __init__(
        self, environment: Environment, recordings: Recordings, account_sid: str, api_url: str, switches: Switches
    ) -> None:
        self._environment, self._recordings, self._switches = environment, recordings, switches
        self._account_sid, self._api_url = account_sid, api_url

    def store(self, line: Line, verb: Record, begin: float) -> Form | None:
        """Store the recording from ``begin`` until now; returns the action's form fields, or None when it is silent."""
        end = line.clock.seconds()
        sound = line.audio_from_person.extent(begin, end)
        if sound is None:
            self._report(verb, "absent", {"CallSid": line.leg.sid, "RecordingSid": new_sid("RE")})
            return None
        first, last = sound if verb.is_trimmed else (begin, end)
        begun = self._environment.now() - timedelta(seconds=last - first)
        samples = line.audio_from_person.samples(first, last)
        recording = self._recordings.add(line.leg.sid, samples, begun=begun, source="RecordVerb")
        line.recording_sid = recording.sid
        fields = self._recording_fields(recording)
        start = format_datetime(recording.created.replace(microsecond=0))
        extra = {"RecordingChannels": "1", "RecordingStartTime": start, "RecordingTrack": "inbound"}
        self._report(verb, "completed", {"CallSid": recording.call_sid, **fields, **extra})
        if verb.is_transcription_requested and not self._switches.transcriptions_unavailable:
            self._transcribe(line, verb.transcribe_url, recording)
        return fields

    def _recording_fields(self, recording: Recording) -> Form:
        url = f"{self._api_url}/{API_VERSION}/Accounts/{self._account_sid}/Recordings/{recording.sid}"
        return {"RecordingUrl": url, "RecordingSid": recording.sid, "RecordingDuration": str(recording.seconds)}

    def _report(self, verb: Record, status: str, fields: Form) -> None:
        url, switches = verb.status_url, self._switches
        if url is None or status not in verb.status_events or switches.recording_reports_lost:
            return
        form = {"AccountSid": self._account_sid, **fields, "RecordingStatus": status, "RecordingSource": "RecordVerb"}
        self._send(url, form, switches.recording_report_delay_seconds, is_doubled=switches.recording_reports_doubled)

    def _send(self, url: str, form: Form, delay: float, *, is_doubled: bool) -> None:
        for _ in range(2 if is_doubled else 1):
            if delay:
                self._environment.call_later(delay, lambda: self._environment.send_status(url, form))
            else:
                self._environment.send_status(url, form)

    def _transcribe(self, line: Line, url: str | None, recording: Recording) -> None:
        transcriptions = self._recordings.transcriptions
        row = transcriptions.begin(recording.sid, seconds=recording.seconds, at=self._environment.now())

        def end() -> None:
            transcriptions.end(row, self._transcribed_text(recording))
            if url is not None and not self._switches.transcription_reports_lost:
                delay, doubled = (
                    self._switches.transcription_report_delay_seconds,
                    self._switches.transcription_reports_doubled,
                )
                self._send(url, self._transcription_form(line, recording, row), delay, is_doubled=doubled)

        line.clock.call_later(self._switches.transcription_seconds, end)

    def _transcribed_text(self, recording: Recording) -> str | None:
        """None when the transcription fails: by a switch, for a length out of range, or for a deleted recording."""
        is_in_range = SHORTEST_SECONDS <= recording.seconds < LONGEST_SECONDS
        if not is_in_range or self._switches.transcription_failed or self._recordings.find(recording.sid) is None:
            return None
        return f"Somebody spoke for {recording.seconds} seconds."

    def _transcription_form(self, line: Line, recording: Recording, row: Transcription) -> Form:
        fields = self._recording_fields(recording)
        return {
            **line_form(self._account_sid, line.leg),
            "TranscriptionSid": row.sid,
            "TranscriptionText": row.text,
            "TranscriptionStatus": row.status,
            "TranscriptionType": "fast",
            "TranscriptionUrl": f"{fields['RecordingUrl']}/Transcriptions/{row.sid}",
            "RecordingSid": recording.sid,
            "RecordingUrl": fields["RecordingUrl"],
        }
