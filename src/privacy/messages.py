"""Sentences that describe what erasing a number will do and has done, for every page. Pure."""

from collections.abc import Sequence

from privacy.number_erasure import NumberOccurrences


def describe_planned_erasure(found: NumberOccurrences) -> Sequence[str]:
    """What happens on confirmation; empty when the number is nowhere."""
    said = []
    if (calls := found.calls) > 0:
        said.append(
            f"{_count(calls)} {_plural(calls, 'has', 'have')} this number. "
            f"It is erased from {_plural(calls, 'it', 'them')} together with the caller's name, the page, its metadata "
            "and the timeline, here and at the carrier. When the call was, how long it took and what it cost stays."
        )
    if (mentions := found.mentioning_calls) > 0:
        stays = _plural(
            mentions,
            "The call itself and the number that it went to stay.",
            "The calls themselves and the numbers that they went to stay.",
        )
        said.append(
            f"{_count(mentions, 'other call')} {_plural(mentions, 'mentions', 'mention')} it in what the page wrote "
            f"down. All metadata of {_plural(mentions, 'that call', 'those calls')} is erased, because names stand "
            f"beside numbers. {stays}"
        )
    if not found.is_complete:
        said.append(
            "There are older calls, too many to look through while you wait: that is done in the background once you "
            "confirm."
        )
    if found.is_blocked and not said:
        said.append("No call has this number, but it is on the block list.")
    return said


def describe_finished_erasure(erased: NumberOccurrences) -> str:
    """What the erasure did."""
    places = [_count(erased.calls)] if erased.calls else []
    if erased.mentioning_calls:
        places.append(f"the metadata of {_count(erased.mentioning_calls, 'other call')}")
    said = [f"The number is erased from {' and '.join(places)}." if places else "No call has that number any more."]
    if erased.calls:
        said.append("The carrier erases it within minutes.")
    if erased.was_unblocked:
        said.append("It is off the block list: it can be called again.")
    if not erased.is_complete:
        said.append("Older calls are being looked through in the background.")
    return " ".join(said)


def _count(number: int, what: str = "call") -> str:
    return f"{number:,} {_plural(number, what, f'{what}s')}"


def _plural(number: int, one: str, many: str) -> str:
    return one if number == 1 else many
