"""Parses TwiML documents into lists of verbs."""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, TreeBuilder  # only builds: the parser below is the strict one
from xml.parsers import expat

DEFAULT_RING_SECONDS = 30
DEFAULT_LIMIT_SECONDS = 14_400


class TwimlError(Exception):
    """The document is not TwiML; the message says why."""


@dataclass(frozen=True, slots=True)
class Dial:
    number: str
    caller_id: str
    answer_on_bridge: bool
    ring_seconds: int
    limit_seconds: int
    action: str | None
    status_url: str | None
    status_events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class Reject:
    busy: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """A verb that the sandbox does not support."""

    name: str


Verb = Dial | Say | Hangup | Reject | Unknown


def parse(document: bytes, base_url: str) -> tuple[Verb, ...]:
    """Read the verbs of ``document``; addresses in it are resolved against ``base_url``.

    Raises:
        TwimlError: it is not a TwiML document.
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
    match element.tag:
        case "Dial":
            return _dial(element, base_url)
        case "Say":
            return Say((element.text or "").strip())
        case "Hangup":
            return Hangup()
        case "Reject":
            return Reject(busy=element.get("reason") == "busy")
        case name:
            return Unknown(name)


def _dial(element: Element, base_url: str) -> Dial:
    noun = element.find("Number")
    if noun is None and len(element):
        message = f"Dial can only dial a Number here, not {element[0].tag}"
        raise TwimlError(message)
    number = element.text if noun is None else noun.text
    status_url = None if noun is None else _absolute_url(noun.get("statusCallback"), base_url)
    events = "completed" if noun is None else noun.get("statusCallbackEvent", "completed")
    return Dial(
        number=(number or "").strip(),
        caller_id=element.get("callerId", ""),
        answer_on_bridge=element.get("answerOnBridge") == "true",
        ring_seconds=_seconds(element, "timeout", DEFAULT_RING_SECONDS),
        limit_seconds=_seconds(element, "timeLimit", DEFAULT_LIMIT_SECONDS),
        action=_absolute_url(element.get("action"), base_url),
        status_url=status_url,
        status_events=frozenset(events.split()),
    )


def _absolute_url(value: str | None, base_url: str) -> str | None:
    return urljoin(base_url, value) if value else None


def _seconds(element: Element, name: str, default: int) -> int:
    value = element.get(name, str(default))
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        message = f"{name} must be a whole number of seconds above 0, not {value!r}"
        raise TwimlError(message)
    return int(value)
