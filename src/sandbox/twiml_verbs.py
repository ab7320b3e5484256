"""The verbs of TwiML that the sandbox executes. URLs are absolute, times are seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DialledNumber:
    """A ``<Number>`` of a ``<Dial>``."""

    number: str
    url: str | None = None
    """The document that runs on the called leg before it is connected."""
    status_url: str | None = None
    status_events: frozenset[str] = frozenset(("completed",))


@dataclass(frozen=True, slots=True)
class Dial:
    numbers: tuple[DialledNumber, ...]
    """Called at the same time."""
    caller_id: str
    answer_on_bridge: bool
    ring_seconds: int
    limit_seconds: int
    action: str | None

    @property
    def first(self) -> DialledNumber:
        return self.numbers[0]


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    language: str = ""
    loop: int = 1
    """0 repeats forever."""


@dataclass(frozen=True, slots=True)
class Play:
    url: str
    loop: int = 1
    """0 repeats forever."""


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: int


@dataclass(frozen=True, slots=True)
class Gather:
    """Collects keys while the prompts are played, and for ``timeout`` seconds after the last key or prompt."""

    prompts: tuple[Say | Play | Pause, ...]
    action: str
    timeout: int
    num_digits: int | None
    finish_on_key: str
    is_sent_when_empty: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Records the person on the line."""

    action: str
    timeout: int
    """The silence that ends the recording."""
    finish_on_key: str
    max_length: int
    plays_beep: bool
    is_trimmed: bool
    """True when silence at the beginning and at the end is cut off."""
    status_url: str | None
    status_events: frozenset[str]
    is_transcription_requested: bool
    transcribe_url: str | None


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str


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


Verb = Dial | Say | Play | Pause | Gather | Record | Redirect | Hangup | Reject | Unknown
