"""What pay is read by: the values that each measure can take, and which of them are better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.policy.rows import PolicyRow

CATALOGUE = Path(__file__).with_name("measures.yml")
DIRECTIONS: Mapping[str, int] = {"higher": 1, "lower": -1}
TOTAL = "total"
"""Kind of score measure that is itself a total, so that it goes up to the points of the stretch."""


@dataclass(frozen=True)
class Measure:
    """A measure: from `least` to `greatest` (None = without end) in steps of `grain`; `direction` is 1 where
    more is better, -1 where less is, 0 where neither is.
    """

    name: str
    label_en: str
    label_zh: str
    grain: Fraction
    direction: int = 0
    least: Fraction | None = None
    greatest: Fraction | None = None

    def holds(self, value: Fraction) -> bool:
        """Whether the measure can have that value, whatever its grain."""
        return (self.least is None or value >= self.least) and (
            self.greatest is None or value <= self.greatest
        )

    def up_to(self, greatest: Fraction | None) -> Measure:
        """The same with another end."""
        return replace(self, greatest=greatest)


@cache
def _catalogue() -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.load(CATALOGUE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return content


def measure(name: str) -> Measure:
    """A measure of the calculation itself: `score`, `rank`, `attainment` …; `nothing` for any other word,
    which the check of the policy refuses.
    """
    measures = _catalogue()["measures"]
    entry = measures.get(name, measures["nothing"])
    return _measure(
        entry,
        name=name,
        label_en=entry["label_en"],
        label_zh=entry["label_zh"],
        direction=DIRECTIONS.get(entry.get("direction", ""), 0),
    )


def of_kpi(row: PolicyRow) -> Measure:
    """A KPI of the catalogue. One that takes detractors away from promoters goes as far below 0 as above."""
    found = _of_unit(row.text("unit"), row, "kpi_id", DIRECTIONS.get(row.text("direction"), 0))
    if row.number("lower_threshold") is not None and found.greatest is not None:
        return replace(found, least=-found.greatest)
    return found


def of_score_measure(row: PolicyRow, *, most: Fraction) -> Measure:
    """A rating, total or figure of the centre, all of which are better when higher; `most` a total can be."""
    found = _of_unit(row.text("unit"), row, "measure_id", 1)
    return found.up_to(most) if row.text("kind") == TOTAL else found


def of_review(row: PolicyRow) -> Measure | None:
    """A measure of reviews; None for one of which nothing is known beforehand."""
    unit = _catalogue()["reviews"].get(row.text("measure_id"))
    return None if unit is None else _of_unit(unit, row, "measure_id", 1)


def _of_unit(unit: str, row: PolicyRow, name: str, direction: int) -> Measure:
    return _measure(
        _catalogue()["units"].get(unit, _catalogue()["units"]["points"]),
        name=row.text(name),
        label_en=row.text("name_en"),
        label_zh=row.text("name_zh"),
        direction=direction,
    )


def _measure(entry: Mapping[str, str], *, name: str, label_en: str, label_zh: str, direction: int) -> Measure:
    least, greatest = (Fraction(entry[one]) if one in entry else None for one in ("least", "greatest"))
    return Measure(name, label_en, label_zh, Fraction(entry["grain"]), direction, least, greatest)
