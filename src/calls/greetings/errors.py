"""Refusals of recordings, voicemail greetings and voicemail drops."""

from kit.errors import BodyTooLarge, Conflict, Forbidden, TooMany


class AudioTooLarge(BodyTooLarge):
    """The uploaded file is larger than 10 MB."""

    message = "The file is larger than 10 MB. Save the recording as MP3, or make it shorter, and upload it again"


class AudioInUse(Conflict):
    """A greeting plays the recording, so it cannot be removed."""

    code = "audio_in_use"
    message = "A greeting plays this recording. Choose another greeting first, then remove it"


class TooManyRecordings(Conflict):
    """The organization has reached its limit of recordings."""

    code = "too_many_recordings"
    message = "An organization keeps at most 20 recordings. Remove one, then add the new one"


class DecoderBusy(TooMany):
    """All decoders of this worker are busy."""

    code = "too_many_requests"
    message = "Other recordings are being read. Send the file again in a few seconds"

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class TooManyVoicemailGreetings(Conflict):
    """The member or the organization has reached the limit of voicemail greetings."""

    code = "too_many_voicemail_greetings"
    message = "A member keeps at most 10 voicemail greetings, an organization 20 shared ones. Remove one first"


class NoVoicemailGreeting(Conflict):
    """A voicemail drop was requested, and neither the member nor the organization has a voicemail greeting."""

    code = "no_voicemail_greeting"
    message = "There is no voicemail greeting yet. Record one in the dashboard under Voicemail, then leave it"


class CallNotConnected(Conflict):
    """A voicemail drop needs an outgoing call that is connected."""

    code = "call_not_connected"
    message = "A greeting can be left only in an outgoing call that is connected"


class NotOwnCall(Forbidden):
    """A member requested a voicemail drop in a call that somebody else placed: it would end that call."""

    code = "not_own_call"
    message = "Only the member who placed the call, or an admin, can leave a greeting in it"
