"""Whole numbers, rounded up."""


def divide_up(dividend: int, divisor: int) -> int:
    """``dividend`` / ``divisor`` rounded up: begun minutes of a call, cents of a price."""
    return -(-dividend // divisor)
