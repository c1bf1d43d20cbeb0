"""`diff`: what changed between two publications, line by line, and why; and which scores and grades moved.

The calculations of both are joined number by number; causes are found where the deepest numbers that differ
are read. No mechanism, plan or KPI is known here.
"""

from orchestration.audit.diff.causes import Cause
from orchestration.audit.diff.compare import (
    OF_ALL,
    Chosen,
    Difference,
    LineChange,
    Side,
    attach,
    attached,
    compare_pair,
    compare_publications,
    comparing,
)
from orchestration.audit.diff.concerned import concerned, is_same, moved_periods
from orchestration.audit.diff.numbers import NumberChange
from orchestration.audit.diff.pair import Pair, Stated

__all__ = [
    "OF_ALL",
    "Cause",
    "Chosen",
    "Difference",
    "LineChange",
    "NumberChange",
    "Pair",
    "Side",
    "Stated",
    "attach",
    "attached",
    "compare_pair",
    "compare_publications",
    "comparing",
    "concerned",
    "is_same",
    "moved_periods",
]
