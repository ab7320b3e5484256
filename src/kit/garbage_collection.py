"""The garbage collection of the product's processes, which make many objects that stay."""

import gc

COLLECT_AFTER = (10_000, 20, 50)
"""Allocations, and younger collections, between two collections: a page alone allocates thousands of objects."""


def collect_rarely() -> None:
    """Collect garbage rarely from now on. Before imports it saves a fifth of their time."""
    gc.set_threshold(*COLLECT_AFTER)


def leave_out_present_objects() -> None:
    """Leave the present objects out of all later collections."""
    gc.collect()
    gc.freeze()
