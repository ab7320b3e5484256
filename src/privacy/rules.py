"""Checks an organization's retention period of call data, in months. Pure."""

from kit.errors import ValidationFailed

MIN_RETENTION_MONTHS, MAX_RETENTION_MONTHS = 1, 36


def ensure_retention_months(months: int | None) -> None:
    """Check a retention period; None stands for the product's default. Raises: ValidationFailed."""
    if months is not None and not MIN_RETENTION_MONTHS <= months <= MAX_RETENTION_MONTHS:
        raise ValidationFailed([("months", f"From {MIN_RETENTION_MONTHS} to {MAX_RETENTION_MONTHS} months")])
