"""What may be chosen. Pure."""

from kit.errors import ValidationFailed

SHORTEST_MONTHS, LONGEST_MONTHS = 1, 36


def ensure_retention(months: int | None) -> None:
    """None is the product's default. Raises: ValidationFailed."""
    if months is not None and not SHORTEST_MONTHS <= months <= LONGEST_MONTHS:
        raise ValidationFailed([("months", f"From {SHORTEST_MONTHS} to {LONGEST_MONTHS} months")])
