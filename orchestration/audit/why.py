"""`why`: per KPI the smallest change that would have reached a better grade, all else held; and who stands
next to the agent where an award goes by rank.

Exact by recomputation: a value is named only if the rules, applied to it, give the better grade, and one step
(0.000001) short of it they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

from orchestration.audit.facts import BonusFacts
from orchestration.audit.lookup import require_agent_and_period
from orchestration.audit.recompute.exact import exact, from_millionths, rounded
from orchestration.audit.recompute.grade import band_of, rank_of
from orchestration.audit.recompute.score import curve, data_score, total_score
from orchestration.audit.relations import AuditFile, Row
from orchestration.audit.standing import Standing, standings
from orchestration.errors import ConfigurationError

STEPS = 10**6
"""Steps of a value: six decimals."""
SCORE_STEPS = 10**4
BEST_RATING = Decimal(100)
"""Ratings by people are points of 100."""


@dataclass(frozen=True)
class Lever:
    """One number of the score.

    `needed` is the nearest value that reaches a better grade, all else held; None where no value of this
    number alone does. `best_total` is the total that its best value gives.
    """

    kpi_id: str
    name_en: str
    name_zh: str
    value: Decimal | None
    needed: Decimal | None
    change: Decimal | None
    best_total: Decimal | None
    note: str = ""


@dataclass(frozen=True)
class Why:
    """A grade, the next better one, the total it takes, and what would have given it.

    `next_grade` is None at the top; `needed_total` is the lowest total score, given the others' totals, that
    ranks (or scores) into a better grade. `awards` are those that the agent is in the running for.
    """

    agent_id: str
    period_id: str
    scheme_id: str
    grade: str | None
    rank: int | None
    cohort_size: int
    method: str | None
    total: Decimal | None
    next_grade: str | None
    needed_total: Decimal | None
    levers: tuple[Lever, ...]
    note: str = ""
    awards: tuple[Standing, ...] = ()


def why_grade(folder: Path, *, agent_id: str, period_id: str) -> Why:
    """What would have changed the grade of an agent and period of the publication in `folder`.

    Raises ConfigurationError, with near names, for an unknown agent or period, and for one with neither a
    grade nor an award to be in the running for.
    """
    with AuditFile(folder) as audit:
        require_agent_and_period(audit, agent_id=agent_id, period_id=period_id)
        facts = BonusFacts(
            audit, {"agent_id": agent_id, "period_id": period_id, "bonus_id": f"{period_id}:{agent_id}"}
        )
        awards = standings(audit, agent_id=agent_id, period_id=period_id)
        if facts.grade is not None and facts.score is not None:
            return replace(_Question(facts).answer(), awards=awards)
        if not awards:
            raise ConfigurationError(
                problem=f"{agent_id} is not graded for {period_id}: no plan of the agent grades that period",
                remedy="Name a period that the plan grades; meritline trace shows how the bonus came about",
            )
        return Why(
            agent_id=agent_id,
            period_id=period_id,
            scheme_id=awards[0].scheme_id,
            grade=None,
            rank=None,
            cohort_size=0,
            method=None,
            total=None if facts.score is None else facts.score["total_score"],
            next_grade=None,
            needed_total=None,
            levers=(),
            note="the plan does not grade this period",
            awards=awards,
        )


class _Question:
    def __init__(self, facts: BonusFacts) -> None:
        assert facts.grade is not None and facts.score is not None
        self._facts = facts
        self._grade: Row = facts.grade
        self._score: Row = facts.score
        self._others: Sequence[Decimal] = [
            row["total_score"]
            for row in facts.audit.query(
                "select total_score from grade.grade "
                "where cohort_id = ? and agent_id <> ? and total_score is not null",
                [self._grade["cohort_id"], facts.agent_id],
            )
        ]
        self._lines = list(facts.score_lines.values())

    def answer(self) -> Why:
        """The grade, the next one, and every lever."""
        own = self._grade["band_no"]
        better = [band for band in self._facts.bands if own is not None and band["band_no"] < own]
        note = ""
        if self._grade["grade"] is None:
            note = f"no grade: {self._score['status']}; nothing can be said before there is a score"
        elif not better:
            note = "the best grade there is"
        needed = self._needed_total(better) if better else None
        return Why(
            agent_id=self._facts.agent_id,
            period_id=self._facts.period_id,
            scheme_id=self._grade["scheme_id"],
            grade=self._grade["grade"],
            rank=self._grade["rank"],
            cohort_size=self._grade["cohort_size"],
            method=self._grade["method"],
            total=self._score["total_score"],
            next_grade=self._name(needed) if needed is not None else None,
            needed_total=needed,
            levers=tuple(self._levers(needed)) if needed is not None else (),
            note=note or ("no total score reaches a better grade in this group" if needed is None else ""),
        )

    def is_better(self, total: Decimal) -> bool:
        """Whether a total score would rank (or score) into a better grade than the agent's."""
        band = self._band(total)
        return band is not None and band["band_no"] < self._grade["band_no"]

    def _band(self, total: Decimal) -> Row | None:
        size = len(self._others) + 1
        rank = rank_of(total, self._others)
        return band_of(self._facts.bands, self._grade["method"], rank=rank, size=size, total=total)

    def _name(self, total: Decimal) -> str | None:
        band = self._band(total)
        return None if band is None else band["grade"]

    def _needed_total(self, better: Sequence[Row]) -> Decimal | None:
        """The lowest total that is better: someone's (a tie shares the rank) or a band's lowest score."""
        candidates = {*self._others, *(band["min_score"] for band in better if band["min_score"] is not None)}
        reached = [rounded(total, 4) for total in candidates if self.is_better(rounded(total, 4))]
        return min(reached, default=None)

    def _levers(self, needed: Decimal) -> list[Lever]:
        levers = [self._lever(line) for line in self._lines]
        share = self._score["supervisor_share"]
        if share:
            levers.append(self._supervisor_lever())
        return sorted(levers, key=lambda one: (one.needed is None, one.kpi_id))

    def _lever(self, line: Row) -> Lever:
        definition = self._facts.definitions.get(line["kpi_id"]) or self._facts.measures.get(
            line["kpi_id"], {}
        )
        names = {
            "kpi_id": line["kpi_id"],
            "name_en": definition.get("name_en", line["kpi_id"]),
            "name_zh": definition.get("name_zh", ""),
        }
        if not line["is_scored"]:
            return Lever(
                **names, value=line["value"], needed=None, change=None, best_total=None, note="not scored"
            )
        end = line["stretch_value"] if line["stretch_value"] is not None else line["target_value"]
        needed = _nearest(line["value"], end, STEPS, lambda value: self.is_better(self._total(line, value)))
        direction = 1 if line["target_value"] >= line["floor_value"] else -1
        unit = definition.get("unit", "")
        is_past = direction * (line["value"] - end) >= 0
        return Lever(
            **names,
            value=line["value"],
            needed=needed,
            change=None if needed is None else needed - line["value"],
            best_total=self._total(line, line["value"] if is_past else end),
            note="" if needed is None else self._in_cases(line, unit, needed, direction),
        )

    def _in_cases(self, line: Row, unit: str, needed: Decimal, direction: int) -> str:
        """The change in whole cases, where the KPI counts cases."""
        rounding = ceil if direction > 0 else floor
        if unit == "count":
            return f"in whole numbers {rounding(needed)}"
        if unit != "ratio" or line["denominator"] is None or line["numerator"] != int(line["numerator"]):
            return ""
        cases = line["denominator"]
        whole = rounding(exact(needed) * cases)
        # The published value is rounded: the whole number next to it may do already.
        for count in (whole - direction, whole):
            if 0 <= count <= cases:
                value = rounded(Fraction(count, cases), 6)
                if direction * (value - needed) >= 0:
                    return f"{count} of {cases} instead of {int(line['numerator'])}"
        return f"more than the {cases} cases allow"

    def _total(self, changed: Row, value: Decimal) -> Decimal:
        """The total score with one KPI at another value."""
        convention = self._facts.convention
        points = curve(
            value,
            floor=changed["floor_value"],
            target=changed["target_value"],
            stretch=changed["stretch_value"],
            target_points=convention["target_points"],
            stretch_points=convention["stretch_points"],
        )
        data = data_score(
            (points if line is changed else line["points"], line["effective_weight"]) for line in self._lines
        )
        return self._with_shares(data, self._score["supervisor_score"])

    def _with_shares(self, data: Decimal, supervisor: Decimal | None) -> Decimal:
        return total_score(
            data,
            supervisor=supervisor,
            supervisor_share=self._score["supervisor_share"],
            collaboration=self._score["collaboration_score"],
            collaboration_share=self._score["collaboration_share"],
        )

    def _supervisor_lever(self) -> Lever:
        value, data = self._score["supervisor_score"], self._score["data_score"]
        needed = _nearest(
            value,
            max(value, BEST_RATING),
            SCORE_STEPS,
            lambda one: self.is_better(self._with_shares(data, one)),
        )
        return Lever(
            kpi_id="supervisor",
            name_en="supervisor score",
            name_zh="主管评分",
            value=value,
            needed=needed,
            change=None if needed is None else needed - value,
            best_total=self._with_shares(data, max(value, BEST_RATING)),
        )


def _nearest(start: Decimal, end: Decimal, steps: int, reaches: Callable[[Decimal], bool]) -> Decimal | None:
    """The value nearest to `start` on the way to `end` that `reaches`, in steps of 1 / `steps`, or None.

    `reaches` never turns false again on the way, so halving finds the first one.
    """
    low, high = int(exact(start) * steps), int(exact(end) * steps)
    direction = 1 if high >= low else -1
    count = abs(high - low)

    def value(number: int) -> Decimal:
        return from_millionths((low + direction * number) * (STEPS // steps))

    if not reaches(value(count)):
        return None
    first, last = 0, count
    while first < last:
        middle = (first + last) // 2
        if reaches(value(middle)):
            last = middle
        else:
            first = middle + 1
    return value(first)
