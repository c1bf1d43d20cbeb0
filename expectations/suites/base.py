"""What a suite is: a module `suites/<name>.py` with `checks(bounds)`, one check for every bound of
`bounds/<name>.yml`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from great_expectations.expectations.expectation import Expectation

from expectations.bound import SuiteBounds


@dataclass(frozen=True)
class Check:
    """A bound's id and the expectation that holds it."""

    check_id: str
    expectation: Expectation


Suite = Callable[[SuiteBounds], Iterator[Check]]


def load_suites() -> Mapping[str, Suite]:
    """`checks` of every suite module, by suite."""
    folder = Path(__file__).parent
    names = sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if module.name != "base")
    return {name: importlib.import_module(f"{__package__}.{name}").checks for name in names}
