"""Refusals of recorded greetings."""

from kit.errors import BodyTooLarge, Conflict, Forbidden, TooMany


class AudioTooLarge(BodyTooLarge):
    """The uploaded file has more bytes than are read."""

    message = "The file is larger than 10 MB. Save the recording as MP3, or make it shorter, and upload it again"


class AudioInUse(Conflict):
    """A greeting plays the recording."""

    code = "audio_in_use"
    message = "A greeting plays this recording. Choose another greeting first, then remove it"


class TooManyRecordings(Conflict):
    """The organization keeps as many recordings as it may."""

    code = "too_many_recordings"
    message = "An organization keeps at most 20 recordings. Remove one, then add the new one"


class DecoderBusy(TooMany):
    """All decoders of this worker are busy."""

    code = "too_many_requests"
    message = "Other recordings are being read. Send the file again in a few seconds"

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class TooManyVoicemailGreetings(Conflict):
    """The member, or the organization, keeps as many greetings as it may."""

    code = "too_many_voicemail_greetings"
    message = "A member keeps at most 10 voicemail greetings, an organization 20 shared ones. Remove one first"


class NoVoicemailGreeting(Conflict):
    """Nobody has recorded a greeting that could be left."""

    code = "no_voicemail_greeting"
    message = "There is no voicemail greeting yet. Record one in the dashboard under Voicemail, then leave it"


class CallNotConnected(Conflict):
    """Only a connected outgoing call can be left to a greeting."""

    code = "call_not_connected"
    message = "A greeting can be left only in an outgoing call that is connected"


class NotOwnCall(Forbidden):
    """Leaving a greeting ends the call, which the member did not place."""

    code = "not_own_call"
    message = "Only the member who placed the call, or an admin, can leave a greeting in it"
