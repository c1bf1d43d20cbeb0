"""A waterfall: what a sum is made of, or what moved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.board.charts import Chart
from orchestration.board.words import pair

COLUMNS = ("position", "label_zh", "label_en", "full_zh", "full_en", "low", "high", "kind", "amount")
LOW, HIGH = COLUMNS.index("low"), COLUMNS.index("high")
ROOM = 0.34
"""Room for the number behind the longest bar, as a part of what the bars take."""
LONGEST = 26
"""Letters of a label beside a bar; the whole stands in the table."""


@dataclass(frozen=True)
class Step:
    """A step by its labels and amount; a total stands on the ground."""

    zh: str
    en: str
    amount: Decimal
    is_total: bool = False


def waterfall(steps: Sequence[Step], *, caption: tuple[str, str], signed: bool = False) -> Chart:
    """The chart of the steps in their order; with `signed` each amount has its sign."""
    rows = list(_bars(steps))
    least, most = (float(of(row[at] for row in rows)) for of, at in ((min, LOW), (max, HIGH)))
    return Chart(
        "waterfall",
        caption,
        columns=COLUMNS,
        rows=rows,
        titles=[("full", "agent.line"), ("amount", "page.amount")],
        says={
            "amounts": "+,.2f" if signed else ",.2f",
            "unit": "CNY",
            "least": min(least, 0.0),
            "top": most,
            "most": most + ROOM * ((most - min(least, 0.0)) or 1),
        },
    )


def _bars(steps: Sequence[Step]) -> Iterator[tuple[Any, ...]]:
    end = Decimal(0)
    for position, step in enumerate(steps):
        start = Decimal(0) if step.is_total else end
        end = step.amount if step.is_total else end + step.amount
        kind = "total" if step.is_total else "down" if step.amount < 0 else "up"
        # Two steps of one label are two bars: the place, unseen, tells them apart.
        tail = "\u200b" * position
        labels = (_short(step.zh or step.en) + tail, _short(step.en or step.zh) + tail)
        low, high = min(start, end), max(start, end)
        yield (position, *labels, step.zh or step.en, step.en or step.zh, low, high, kind, step.amount)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def total_step(amount: Decimal, key: str = "page.total") -> Step:
    """The bar of a total under the words of `key`."""
    return Step(*pair(key), amount, is_total=True)
