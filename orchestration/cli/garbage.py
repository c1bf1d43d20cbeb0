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
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_rarely() -> None:
    """Collect garbage rarely from now on. For a process of its own: going back to Python's thresholds means a
    collection at once.
    """
    gc.set_threshold(*THRESHOLDS)


def no_last_collection() -> None:
    """Have the end of this process walk no object more: what it holds goes with its memory.

    Python collects once more as it ends, which is a second of a nightly. For a process of its own, just
    before it leaves: what is in cycles by then is never collected.
    """
    gc.freeze()
