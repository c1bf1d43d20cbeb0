"""Python's cyclic garbage collector, told that a run builds large structures which live as long as it
does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (200_000, 20, 100)
"""Allocations before a collection of the young, middle and old generation; Python's own are 700, 10, 10."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage rarely while the block runs.

    dbt's manifest and Dagster's definitions are some millions of objects that stay; walking them again every
    few hundred allocations took a third of a nightly's processor time.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
