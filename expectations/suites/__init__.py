"""One module per suite, named like its file in `bounds/`; each yields a `Check` for every bound of its
suite.
"""

from expectations.suites.base import Check, Suite, load_suites

__all__ = ["Check", "Suite", "load_suites"]
