"""Division of whole numbers, rounded up."""


def divide_up(dividend: int, divisor: int) -> int:
    """``dividend`` / ``divisor`` rounded up, for example to whole minutes of a call or whole cents of a price."""
    return -(-dividend // divisor)
