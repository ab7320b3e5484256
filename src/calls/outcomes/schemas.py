"""Request and response bodies of the outcomes API, and of changes to a call's outcome, note and tags."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from calls.outcomes.models import CallChange
from calls.outcomes.rules import DEFAULT_COLOUR, Outcome
from calls.outcomes.services import Remarks
from kit.schemas import RequestModel, ResponseModel, Timestamp, rfc3339

OutcomeName = Annotated[str, Meta(examples=["Meeting booked"])]
Colour = Annotated[str, Meta(examples=["#059669"])]
"""``#rrggbb``."""
CountsAsConversation = Annotated[bool, Meta(examples=[True])]
Note = Annotated[str, Meta(examples=["Wants the offer by Friday."])]
"""At most 5,000 characters of plain text."""
Tags = Annotated[list[str], Meta(examples=[["follow-up"]])]
"""At most 20 of at most 40 characters."""


class OutcomeInfo(ResponseModel, frozen=True, kw_only=True):
    """An outcome that calls can get."""

    name: OutcomeName
    colour: Colour
    counts_as_conversation: CountsAsConversation
    """True if reports count a call with this outcome as a conversation."""

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeInfo":
        return cls(name=outcome.name, colour=outcome.colour, counts_as_conversation=outcome.counts_as_conversation)


class OutcomeInput(RequestModel, frozen=True, kw_only=True):
    """An outcome of a new list."""

    name: OutcomeName
    colour: Colour = DEFAULT_COLOUR
    counts_as_conversation: CountsAsConversation = False

    def to_outcome(self) -> Outcome:
        return Outcome(self.name, self.colour, self.counts_as_conversation)


class ChangeCall(RequestModel, frozen=True, kw_only=True):
    """The values to change in a call: a field that is left out stays, null removes its value."""

    outcome: OutcomeName | UnsetType | None = UNSET
    """One of the organization's outcomes."""
    note: Note | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    """All tags of the call; they replace its present tags."""

    def to_remarks(self) -> Remarks:
        return Remarks(self.outcome, self.note, self.tags)


class CallChangeInfo(ResponseModel, frozen=True, kw_only=True):
    """One change of outcome, note or tags, with the values after it."""

    at: Timestamp | None
    source: Annotated[str, Meta(examples=["user"])]
    """``user``, ``api_key``, or ``phone``: the widget, where ``by`` is the call's agent."""
    by: Annotated[str | None, Meta(examples=["ann@example.com"])]
    """A member's e-mail address, the API key's label, or the agent; null where the page names nobody."""
    outcome: OutcomeName | None
    note: Note | None
    tags: Tags

    @classmethod
    def of(cls, change: CallChange) -> "CallChangeInfo":
        return cls(
            at=rfc3339(change.created_at),
            source=change.source,
            by=change.author,
            outcome=change.outcome,
            note=change.note,
            tags=change.tags or [],
        )
