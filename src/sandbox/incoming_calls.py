"""Calls from outside to the account's numbers: reads a test's request, starts the call, and lists all such calls."""

import msgspec

from sandbox.account_store import AccountStore
from sandbox.callback_environment import CallbackEnvironment
from sandbox.callback_sender import CallbackSender
from sandbox.incoming_call import CallerInfo, IncomingCall, VoiceRoute
from sandbox.legs import new_sid
from sandbox.person_script import ScriptError, Step, check_script
from sandbox.recordings import Recordings
from sandbox.simulation import SimulationSettings

MAX_CALLS = 500
MAX_CALLER_LENGTH = 64


class RequestError(ValueError):
    """The request cannot be carried out; the message says why."""


class IncomingCallRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}):
    """A call from outside. Without a script the caller listens until the call ends."""

    from_: str
    """E.164, or the carrier's value for a withheld number, such as ``anonymous`` or ``+266696687``."""
    to: str
    script: tuple[Step, ...] = ()
    stir_verstat: str = ""
    """The attestation of the caller id, such as ``TN-Validation-Passed-A``; empty for none."""


def parse_incoming_call(body: bytes) -> IncomingCallRequest:
    """Read the request from JSON. Raises: RequestError."""
    try:
        request = msgspec.json.decode(body, type=IncomingCallRequest)
        check_script(request.script)
    except (msgspec.MsgspecError, ScriptError) as error:
        message = f"The call cannot be made: {error}"
        raise RequestError(message) from error
    if len(request.from_) > MAX_CALLER_LENGTH:
        message = f"The caller has at most {MAX_CALLER_LENGTH} characters"
        raise RequestError(message)
    return request


def route_to(e164: str, store: AccountStore, account_sid: str, api_url: str) -> VoiceRoute:
    """The callback URLs of the account's number: those of its application, if it has one, else its own.

    ``api_url`` is the base URL of the sandbox's REST API.

    Raises:
        RequestError: the account does not have the number, or it has no voice URL.
    """
    number = next((row for row in store.numbers() if row.e164 == e164), None)
    if number is None:
        message = f"{e164} is not a number of the account; IncomingPhoneNumbers lists its numbers"
        raise RequestError(message)
    application = store.application(number.voice_application_sid)
    urls = (number.voice_url, number.voice_fallback_url, number.status_callback)
    route = VoiceRoute(account_sid, *urls, api_url=api_url)
    if application is not None:
        urls = (application.voice_url, application.voice_fallback_url, application.status_callback)
        route = VoiceRoute(account_sid, *urls, application.sid, api_url)
    if not route.voice_url:
        message = f"{e164} has no voice URL: nothing answers its calls. Set VoiceUrl of its IncomingPhoneNumbers"
        raise RequestError(message)
    return route


class IncomingCalls:
    """All calls from outside. Made inside the running event loop."""

    def __init__(self, callbacks: CallbackSender, recordings: Recordings) -> None:
        self._callbacks, self._recordings = callbacks, recordings
        self._calls: dict[str, IncomingCall] = {}

    def calls(self) -> list[IncomingCall]:
        """Newest first; the oldest ended calls are dropped."""
        return list(reversed(self._calls.values()))

    def ring(self, request: IncomingCallRequest, route: VoiceRoute, simulation: SimulationSettings) -> IncomingCall:
        """Start a call; it rings when this returns."""
        call = IncomingCall(
            CallbackEnvironment(self._callbacks, new_sid("CH")),
            route,
            CallerInfo(request.from_, request.stir_verstat),
            request.to,
            request.script,
            simulation,
            self._recordings,
        )
        self._calls[call.sid] = call
        self._drop_oldest()
        call.start()
        return call

    def complete_all(self) -> None:
        for call in self.calls():
            call.complete()

    def _drop_oldest(self) -> None:
        if len(self._calls) > MAX_CALLS:
            oldest_ended = next((sid for sid, call in self._calls.items() if call.is_over), None)
            if oldest_ended is not None:
                del self._calls[oldest_ended]
