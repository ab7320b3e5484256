"""Executes TwiML documents on one line, verb by verb: prompts, keys, recordings, dials, redirects and hang-ups."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from sandbox import twiml_verbs
from sandbox.audio_track import SPEECH_TONE, Clip
from sandbox.call_environment import Environment, Timer
from sandbox.callback_forms import Form
from sandbox.document_host import DocumentHost
from sandbox.line import Line, Stage
from sandbox.recorder import Recorder
from sandbox.twiml_verbs import Gather, Pause, Play, Say, Verb

SECONDS_PER_WORD = 0.4
MAX_DOCUMENTS = 200
"""The most documents of one line, so that documents that redirect to each other end."""
HANG_UP = "hangup"
"""The value of ``Digits`` when the caller ended a recording by hanging up."""
RECORDED_ERROR = Say("We are sorry, an application error has occurred. Goodbye.")

logger = logging.getLogger(__name__)

Prompt = Say | Play | Pause
OnEnd = Callable[[], None]
"""Called at the end of a prompt."""


class DocumentRunner:
    """Runs one document after the other until the line has ended or the runner is stopped."""

    def __init__(self, line: Line, host: DocumentHost, environment: Environment) -> None:
        self._line, self._host, self._environment = line, host, environment
        self._verbs: deque[Verb] = deque()
        self._timer: Timer | None = None
        self._step = object()
        self._documents = 0
        self._gather: Gather | None = None
        self._keys = ""
        self._recorder: Recorder | None = None
        line.on_key = self._take_key

    def request(self, url: str, extra: Form, on_response: Callable[[], None] = lambda: None) -> None:
        """Run the document at ``url`` instead of the present one; ``on_response`` is called before it runs."""
        self._begin_step()
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            logger.warning("A line asked for more than %s documents: it ends", MAX_DOCUMENTS)
            self._host.hang_up(self._line)
            return
        step = self._step

        def run(verbs: Sequence[Verb] | None) -> None:
            on_response()
            self._run_fetched(step, verbs)

        self._host.fetch(self._line, url, extra, run)

    def replace(self, document: str | Sequence[Verb]) -> None:
        """Run a document, given by its URL or its verbs, instead of the present one."""
        if isinstance(document, str):
            self.request(document, {})
        else:
            self.run(document)

    def run(self, verbs: Sequence[Verb]) -> None:
        """Run ``verbs`` instead of the present document."""
        self._begin_step()
        self._verbs = deque(verbs)
        self._run_next_verb()

    def continue_after_dial(self, url: str | None, extra: Form, on_response: Callable[[], None]) -> None:
        """Run the document at ``url``, the action of the ``<Dial>``; without one, run the next verb."""
        if url is None:
            self._run_next_verb()
        else:
            self.request(url, extra, on_response)

    def stop(self) -> tuple[str, Form] | None:
        """Stop the document; a running recording is stored.

        Returns the recording's action URL and its form fields. The carrier requests it and ignores the response.
        """
        self._begin_step()
        self._verbs.clear()
        self._gather = None
        self._line.ignore_keys()
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        recorder.stop()
        if recorder.begin is None:
            return None
        fields = self._host.store_recording(self._line, recorder.verb, recorder.begin)
        return None if fields is None else (recorder.verb.action, {**fields, "Digits": HANG_UP})

    def _run_fetched(self, step: object, verbs: Sequence[Verb] | None) -> None:
        if step is not self._step:
            return
        self.run([RECORDED_ERROR] if verbs is None else verbs)

    def _run_next_verb(self) -> None:
        self._begin_step()
        verb = self._verbs.popleft() if self._verbs else None
        match verb:
            case None:
                self._host.finish(self._line)
            case Say() | Play() | Pause():
                self._play(verb, self._run_next_verb)
            case Gather():
                self._start_gather(verb)
            case twiml_verbs.Record():
                self._start_record(verb)
            case twiml_verbs.Dial():
                self._log("Dial", numbers=[target.number for target in verb.numbers])
                self._host.dial(self._line, verb)
            case twiml_verbs.Redirect(url):
                self._log("Redirect", url=url)
                self.request(url, {})
            case twiml_verbs.Reject(busy) if self._line.stage is Stage.RINGING:
                self._log("Reject", reason="busy" if busy else "rejected")
                self._host.reject(self._line, busy=busy)
            case twiml_verbs.Hangup() | twiml_verbs.Reject():
                self._log(type(verb).__name__)
                self._host.hang_up(self._line)
            case other:
                logger.warning("The sandbox does not execute %s on this line: it ends", other)
                self._log("unsupported", name=getattr(other, "name", type(other).__name__))
                self._host.hang_up(self._line)

    # Prompts.

    def _play(self, prompt: Prompt, on_end: OnEnd) -> None:
        match prompt:
            case Pause(seconds):
                # A pause does not answer the call.
                self._log("Pause", seconds=seconds)
                self._schedule(seconds, on_end)
            case Say(text, language, loop):
                self._host.answer(self._line)
                self._log("Say", text=text, language=language)
                self._line.audio_to_person.play(SPEECH_TONE)
                self._stop_after(SECONDS_PER_WORD * max(1, len(text.split())) * loop, on_end)
            case Play(url, loop):
                self._host.answer(self._line)
                step = self._step
                self._environment.fetch_audio(url, lambda clip: self._play_clip(step, clip, loop, url, on_end))

    def _play_clip(self, step: object, clip: Clip | None, loop: int, url: str, on_end: OnEnd) -> None:
        if step is not self._step:
            return
        self._log("Play", url=url, seconds=None if clip is None else clip.seconds)
        if clip is None:
            logger.warning("An audio file cannot be played: the document continues without it")
            on_end()
            return
        self._line.audio_to_person.play(clip.repeated(max(1, loop)))
        self._stop_after(clip.seconds * loop, on_end)

    def _stop_after(self, seconds: float, on_end: OnEnd) -> None:
        """Stop the sound after ``seconds``; with 0 it does not stop."""
        if seconds:
            self._schedule(seconds, lambda: self._end_prompt(on_end))

    def _end_prompt(self, on_end: OnEnd) -> None:
        self._line.audio_to_person.play(None)
        on_end()

    def _play_all(self, prompts: Sequence[Prompt], on_end: OnEnd) -> None:
        if prompts:
            self._play(prompts[0], lambda: self._play_all(prompts[1:], on_end))
        else:
            on_end()

    # Keys.

    def _start_gather(self, verb: Gather) -> None:
        self._host.answer(self._line)
        self._gather, self._keys = verb, ""
        self._log("Gather", num_digits=verb.num_digits, timeout=verb.timeout)
        self._line.enter(Stage.GATHER)
        self._play_all(verb.prompts, self._await_key)

    def _await_key(self) -> None:
        self._begin_step()
        self._line.audio_to_person.play(None)
        if self._gather is not None:
            self._schedule(self._gather.timeout, self._end_gather)

    def _take_key(self, key: str) -> None:
        if self._recorder is not None:
            self._recorder.take_key(key)
        if self._gather is None:
            return
        if key == self._gather.finish_on_key:
            # The finishing key alone does not end the gathering.
            if self._keys:
                self._end_gather(key)
            return
        self._keys += key
        if len(self._keys) == self._gather.num_digits:
            self._end_gather()
        else:
            self._await_key()

    def _end_gather(self, finished_on: str = "") -> None:
        verb, self._gather = self._gather, None
        if verb is None:
            return
        self._line.audio_to_person.play(None)
        self._line.enter(Stage.ANSWERED)
        self._log("gathered", digits=self._keys)
        if self._keys or verb.is_sent_when_empty:
            fields = {"msg": "Gather End", "Digits": self._keys, "FinishedOnKey": finished_on}
            self.request(verb.action, fields)
        else:
            self._run_next_verb()

    # Recordings.

    def _start_record(self, verb: twiml_verbs.Record) -> None:
        self._host.answer(self._line)
        self._log("Record", max_length=verb.max_length, timeout=verb.timeout)
        self._recorder = Recorder(verb, self._line, self._end_record)
        self._recorder.start()

    def _end_record(self, key: str) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None or recorder.begin is None:
            return
        fields = self._host.store_recording(self._line, recorder.verb, recorder.begin)
        if fields is None:
            self._run_next_verb()
        else:
            self.request(recorder.verb.action, {**fields, "Digits": key})

    # Steps: a new step cancels what the earlier step waited for.

    def _begin_step(self) -> None:
        self._step = object()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, seconds: float, action: Callable[[], None]) -> None:
        self._begin_step()
        self._timer = self._line.clock.call_later(seconds, action)

    def _log(self, verb: str, **fields: object) -> None:
        self._line.verbs.append({"verb": verb, **fields})
