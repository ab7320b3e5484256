"""Sentences about the effect of erasing a number, before and after the erasure, for dashboard and back office. Pure."""

from collections.abc import Sequence

from privacy.number_erasure import NumberOccurrences


def describe_planned_erasure(found: NumberOccurrences) -> Sequence[str]:
    """Sentences about the effect of a planned erasure; empty when the number was not found."""
    sentences = []
    if (calls := found.calls) > 0:
        sentences.append(
            f"{_count(calls)} {_plural(calls, 'has', 'have')} this number. "
            f"It is erased from {_plural(calls, 'it', 'them')} together with the extension, the names, the company, "
            "the link, the page, its metadata, note, tags and the timeline, here and at the carrier. When the call "
            "was, how long it took, what it cost and its outcome are kept."
        )
    if (mentions := found.mentioning_calls) > 0:
        stays = _plural(
            mentions,
            "The call itself and the number that it went to stay.",
            "The calls themselves and the numbers that they went to stay.",
        )
        sentences.append(
            f"{_count(mentions, 'other call')} {_plural(mentions, 'mentions', 'mention')} the number in what the page "
            f"sent or somebody noted. All metadata of {_plural(mentions, 'that call', 'those calls')} is erased, "
            "because it may name the person, and so is a name, company, link, note or list of tags that contains the "
            f"number. {stays}"
        )
    if not found.is_complete:
        sentences.append(
            "There are too many older calls to search now: they are searched in the background after you confirm."
        )
    if found.is_blocked and not sentences:
        sentences.append("No call has this number, but it is on the block list.")
    return sentences


def describe_finished_erasure(erased: NumberOccurrences) -> str:
    """Sentences about the result of an erasure."""
    erased_from = [_count(erased.calls)] if erased.calls else []
    if erased.mentioning_calls:
        erased_from.append(f"the metadata of {_count(erased.mentioning_calls, 'other call')}")
    sentences = [
        f"The number is erased from {' and '.join(erased_from)}."
        if erased_from
        else "No call has that number any more."
    ]
    if erased.calls:
        sentences.append("The carrier erases it within minutes.")
    if erased.was_unblocked:
        sentences.append("It is off the block list: it can be called again.")
    if not erased.is_complete:
        sentences.append("Older calls are being searched in the background.")
    return " ".join(sentences)


def _count(number: int, noun: str = "call") -> str:
    return f"{number:,} {_plural(number, noun, f'{noun}s')}"


def _plural(number: int, singular: str, plural: str) -> str:
    return singular if number == 1 else plural
