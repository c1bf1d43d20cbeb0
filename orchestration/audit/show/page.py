"""The trace as one self-contained page, English and Chinese, that prints as it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.audit.node import UNPAID, Trace
from orchestration.audit.show.labels import MATURITY, REASONS, SCORE_STATUS, UNITS
from orchestration.audit.show.terminal import ruling_effect, shown_value
from orchestration.text import money, plain


def trace_page(trace: Trace) -> str:
    """The page as HTML: amount, waterfall of the lines, tree, evidence, rules with the documents' words.

    Fetches nothing; everything below a line is folded and opens when printed.
    """
    taken_apart = dict.fromkeys(node.node_key for node in trace.root.walk() if not node.is_shared)
    return _PAGES.get_template("page.html").render(
        trace=trace,
        bars=list(_bars(trace)),
        anchors={key: f"n{number}" for number, key in enumerate(taken_apart)},
    )


@dataclass(frozen=True)
class Bar:
    """A bar of the waterfall; `left` and `width` are in per cent of its whole width."""

    kind: str
    left: str
    width: str
    amount: Decimal


def _bars(trace: Trace) -> Iterator[Bar]:
    """A bar per line, beginning where the one before ended, and the total's."""
    ends = list(accumulate((line.value or Decimal(0) for line in trace.lines), initial=Decimal(0)))
    low, whole = min(ends), max(ends) - min(ends) or Decimal(1)
    for number, (first, last) in enumerate([*pairwise(ends), (Decimal(0), ends[-1])]):
        kind = "total" if number == len(trace.lines) else "down" if last < first else "up"
        left, width = ((one / whole) * 100 for one in (min(first, last) - low, abs(last - first)))
        yield Bar(kind, f"{left:.2f}", f"{width:.2f}", last - first)


def _anchor(key: str) -> str:
    return "e-" + "".join(letter if letter.isalnum() else "-" for letter in key)


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)
_PAGES.filters |= {"money": money, "plain": plain, "anchor": _anchor}
_PAGES.globals |= {
    "unpaid_kind": UNPAID,
    "maturity": MATURITY,
    "reasons": REASONS,
    "score_status": SCORE_STATUS,
    "units": UNITS,
    "ruling_effect": ruling_effect,
    "shown_value": shown_value,
}
