"""A plan as one self-contained page, English and Chinese: totals, charts, whom it moves, lines, causes."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.plan.result import Plan
from orchestration.plan.show.chart import (
    COLUMN_HEIGHT,
    ROW,
    WIDTH,
    difference_columns,
    period_bars,
    zero_line,
)
from orchestration.plan.show.labels import WORDS, notes_of, said_cause
from orchestration.plan.show.text import by_size, signed
from orchestration.text import money

SHOWN_LINES, SHOWN_AGENTS = 2000, 20
"""A page with every line of a large centre opens in no browser: the other forms have them all."""


def plan_page(plan: Plan) -> str:
    """The page as HTML; fetches nothing."""
    return _PAGES.get_template("page.html").render(
        plan=plan,
        notes=list(notes_of(plan)),
        bars=period_bars(plan.of("period")),
        zero=zero_line(plan.of("period")),
        columns=difference_columns(plan.agents),
        lines=by_size(plan.lines)[:SHOWN_LINES],
        shown_agents=SHOWN_AGENTS,
    )


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)
_PAGES.filters |= {"money": money, "signed": signed, "said": said_cause}
_PAGES.globals |= {"words": WORDS, "width": WIDTH, "row": ROW, "column_height": COLUMN_HEIGHT}
