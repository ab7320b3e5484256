"""Parses TwiML documents (XML) into sequences of verbs."""

from collections.abc import Callable
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, TreeBuilder  # holds the tree; _tree() parses, without document types
from xml.parsers import expat

from sandbox.twiml_verbs import (
    Dial,
    DialledNumber,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    Unknown,
    Verb,
)

DEFAULT_RING_SECONDS = 30
DEFAULT_LIMIT_SECONDS = 14_400
DEFAULT_SILENCE_SECONDS = 5
MAX_RECORDING_SECONDS = 3600
ALL_KEYS = "1234567890*#"


class TwimlError(Exception):
    """The document is not TwiML; the message says why."""


def parse(document: bytes, base_url: str) -> tuple[Verb, ...]:
    """Read the verbs of ``document``; its relative URLs are resolved against ``base_url``.

    Raises:
        TwimlError: ``document`` is not TwiML.
    """
    root = _tree(document)
    if root.tag != "Response":
        message = f"the root element is {root.tag}, not Response"
        raise TwimlError(message)
    return tuple(_verb(element, base_url) for element in root)


def _tree(document: bytes) -> Element:
    """Parse XML without document types, so that no entity is expanded or fetched."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        message = f"not well-formed: {error}"
        raise TwimlError(message) from error
    return builder.close()


def _refuse_doctype(*_: object) -> None:
    raise TwimlError("document types are not allowed")


def _verb(element: Element, base_url: str) -> Verb:
    read = _READERS.get(element.tag)
    return Unknown(element.tag) if read is None else read(element, base_url)


def _prompt(element: Element, base_url: str) -> Say | Play | Pause:
    if element.tag == "Pause":
        return Pause(_whole_number(element, "length", 1, least=0))
    loop = _whole_number(element, "loop", 1, least=0)
    if element.tag == "Say":
        return Say(_text(element), element.get("language", ""), loop)
    if not _text(element):
        raise TwimlError("Play has no URL")
    return Play(urljoin(base_url, _text(element)), loop)


def _gather(element: Element, base_url: str) -> Gather:
    unsupported = next((child.tag for child in element if child.tag not in ("Say", "Play", "Pause")), None)
    if unsupported is not None:
        message = f"In the sandbox a Gather can only have Say, Play and Pause, not {unsupported}"
        raise TwimlError(message)
    digits = element.get("numDigits")
    return Gather(
        prompts=tuple(_prompt(child, base_url) for child in element),
        action=_absolute_url(element.get("action"), base_url) or base_url,
        timeout=_whole_number(element, "timeout", DEFAULT_SILENCE_SECONDS),
        num_digits=None if digits is None else _whole_number(element, "numDigits", 1),
        finish_on_key=element.get("finishOnKey", "#"),
        is_sent_when_empty=element.get("actionOnEmptyResult") == "true",
    )


def _record(element: Element, base_url: str) -> Record:
    transcribe_url = _absolute_url(element.get("transcribeCallback"), base_url)
    return Record(
        action=_absolute_url(element.get("action"), base_url) or base_url,
        timeout=_whole_number(element, "timeout", DEFAULT_SILENCE_SECONDS, least=0),
        finish_on_key=element.get("finishOnKey", ALL_KEYS),
        max_length=_whole_number(element, "maxLength", MAX_RECORDING_SECONDS),
        plays_beep=element.get("playBeep") != "false",
        is_trimmed=element.get("trim", "trim-silence") != "do-not-trim",
        status_url=_absolute_url(element.get("recordingStatusCallback"), base_url),
        status_events=_events(element, "recordingStatusCallbackEvent"),
        is_transcription_requested=element.get("transcribe") == "true" or transcribe_url is not None,
        transcribe_url=transcribe_url,
    )


def _dial(element: Element, base_url: str) -> Dial:
    nouns = list(element)
    unsupported = next((noun.tag for noun in nouns if noun.tag != "Number"), None)
    if unsupported is not None:
        message = f"In the sandbox a Dial can only have Number, not {unsupported}"
        raise TwimlError(message)
    numbers = tuple(_number(noun, base_url) for noun in nouns) or (DialledNumber(_text(element)),)
    return Dial(
        numbers=numbers,
        caller_id=element.get("callerId", ""),
        answer_on_bridge=element.get("answerOnBridge") == "true",
        ring_seconds=_whole_number(element, "timeout", DEFAULT_RING_SECONDS),
        limit_seconds=_whole_number(element, "timeLimit", DEFAULT_LIMIT_SECONDS),
        action=_absolute_url(element.get("action"), base_url),
    )


def _number(noun: Element, base_url: str) -> DialledNumber:
    return DialledNumber(
        _text(noun),
        url=_absolute_url(noun.get("url"), base_url),
        status_url=_absolute_url(noun.get("statusCallback"), base_url),
        status_events=_events(noun, "statusCallbackEvent"),
    )


def _redirect(element: Element, base_url: str) -> Redirect:
    return Redirect(urljoin(base_url, _text(element)))


def _reject(element: Element, _: str) -> Reject:
    return Reject(busy=element.get("reason") == "busy")


_READERS: dict[str, Callable[[Element, str], Verb]] = {
    "Dial": _dial,
    "Gather": _gather,
    "Hangup": lambda _element, _url: Hangup(),
    "Pause": _prompt,
    "Play": _prompt,
    "Record": _record,
    "Redirect": _redirect,
    "Reject": _reject,
    "Say": _prompt,
}


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _events(element: Element, name: str) -> frozenset[str]:
    return frozenset(element.get(name, "completed").split())


def _absolute_url(value: str | None, base_url: str) -> str | None:
    return urljoin(base_url, value) if value else None


def _whole_number(element: Element, name: str, default: int, *, least: int = 1) -> int:
    value = element.get(name, str(default))
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        message = f"{name} of {element.tag} must be a whole number from {least} on, not {value!r}"
        raise TwimlError(message)
    return int(value)
