"""Keeps what a ``<Record>`` recorded, and tells the application of it: recording and transcription callbacks."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from sandbox.call_environment import Environment
from sandbox.callback_forms import API_VERSION, Form, line_form
from sandbox.legs import new_sid
from sandbox.line import Line
from sandbox.recordings import Recording, Recordings
from sandbox.switches import Switches
from sandbox.twiml_verbs import Record

TRANSCRIPTION_SECONDS = 2.0


class RecordingReports:
    """The recordings of one call."""

    def __init__(
        self, environment: Environment, recordings: Recordings, account_sid: str, api_url: str, switches: Switches
    ) -> None:
        self._environment, self._recordings, self._switches = environment, recordings, switches
        self._account_sid, self._api_url = account_sid, api_url

    def keep(self, line: Line, verb: Record, begin: float) -> Form | None:
        """Keep the recording from ``begin`` until now; returns the action's fields, or None when it is empty."""
        end = line.clock.seconds()
        sound = line.spoken.extent(begin, end)
        if sound is None:
            self._report(verb, "absent", {"CallSid": line.leg.sid, "RecordingSid": new_sid("RE")})
            return None
        first, last = sound if verb.is_trimmed else (begin, end)
        begun = self._environment.now() - timedelta(seconds=last - first)
        samples = line.spoken.samples(first, last)
        kept = self._recordings.add(line.leg.sid, samples, begun=begun, source="RecordVerb")
        line.recording_sid = kept.sid
        fields = self._fields(kept)
        start = format_datetime(kept.created.replace(microsecond=0))
        more = {"RecordingChannels": "1", "RecordingStartTime": start, "RecordingTrack": "inbound"}
        self._report(verb, "completed", {"CallSid": kept.call_sid, **fields, **more})
        if verb.is_transcribed and verb.transcribe_url is not None:
            form, url = self._transcription(line, kept), verb.transcribe_url
            line.clock.call_later(TRANSCRIPTION_SECONDS, lambda: self._environment.send_status(url, form))
        return fields

    def _fields(self, kept: Recording) -> Form:
        url = f"{self._api_url}/{API_VERSION}/Accounts/{self._account_sid}/Recordings/{kept.sid}"
        return {"RecordingUrl": url, "RecordingSid": kept.sid, "RecordingDuration": str(kept.seconds)}

    def _report(self, verb: Record, status: str, fields: Form) -> None:
        url, switches = verb.status_url, self._switches
        if url is None or status not in verb.status_events or switches.recording_reports_lost:
            return
        form = {"AccountSid": self._account_sid, **fields, "RecordingStatus": status, "RecordingSource": "RecordVerb"}
        for _ in range(2 if switches.recording_reports_doubled else 1):
            self._send(switches.recording_report_delay_seconds, self._sending(url, form))

    def _sending(self, url: str, form: Form) -> Callable[[], None]:
        return lambda: self._environment.send_status(url, form)

    def _send(self, delay: float, send: Callable[[], None]) -> None:
        if delay:
            self._environment.call_later(delay, send)
        else:
            send()

    def _transcription(self, line: Line, kept: Recording) -> Form:
        sid, fields = new_sid("TR"), self._fields(kept)
        return {
            **line_form(self._account_sid, line.leg),
            "TranscriptionSid": sid,
            "TranscriptionText": f"Somebody spoke for {kept.seconds} seconds.",
            "TranscriptionStatus": "completed",
            "TranscriptionType": "fast",
            "TranscriptionUrl": f"{fields['RecordingUrl']}/Transcriptions/{sid}",
            "RecordingSid": kept.sid,
            "RecordingUrl": fields["RecordingUrl"],
        }
