"""Published scores and grades calculated again with one number changed, for tests of `why`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import duckdb

from orchestration.audit.levers import Lever

Row = Mapping[str, Any]
PARTS = ("supervisor_score", "collaboration_score")
"""Parts of a score that no curve turns into points."""


def rows_of(database: duckdb.DuckDBPyConnection, sql: str, *values: str) -> Sequence[Row]:
    """Rows of a query by column name."""
    found = database.execute(sql, list(values))
    names = [one[0] for one in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def short_of(lever: Lever) -> Decimal:
    """One step less than what is needed."""
    assert lever.needed is not None and lever.value is not None
    step = Decimal("0.0001") if lever.kpi_id == "supervisor_score" else Decimal("0.000001")
    return lever.needed - step if lever.needed > lever.value else lever.needed + step


class Scored:
    """A published score, and what it would be with one number changed.

    Written from the policy alone (S-CURVE, CG-04, CG-05): it shares no code with `why`.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, agent_id: str, period_id: str) -> None:
        self._database = database
        [self.score] = self._rows(
            "select * from score.score where agent_id = ? and period_id = ?", agent_id, period_id
        )
        self.lines = self._rows(
            "select * from score.score_line where agent_id = ? and period_id = ?", agent_id, period_id
        )
        [self.convention] = self._rows(
            "select * from policy.policy_convention where period_id = ?", period_id
        )

    def total_with(self, name: str, value: Decimal) -> Fraction:
        """The total score with one KPI, or a part of the score, at another value."""
        parts = {part: self.score[part] for part in PARTS}
        points = {line["kpi_id"]: line["points"] for line in self.lines if line["is_scored"]}
        if name in parts:
            parts[name] = value
        else:
            [line] = [one for one in self.lines if one["kpi_id"] == name]
            points[name] = self._curve(line, Fraction(value))
        return self._total(points, parts)

    def _curve(self, line: Row, value: Fraction) -> Decimal:
        floor, target = Fraction(line["floor_value"]), Fraction(line["target_value"])
        at_target = Fraction(self.convention["target_points"])
        direction = 1 if target >= floor else -1
        if direction * (value - floor) <= 0:
            return Decimal(0)
        if direction * (value - target) < 0:
            return half_up((value - floor) / (target - floor) * at_target, 4)
        if line["stretch_value"] is None:
            return half_up(at_target, 4)
        beyond = Fraction(self.convention["stretch_points"]) - at_target
        share = min(Fraction(1), (value - target) / (Fraction(line["stretch_value"]) - target))
        return half_up(at_target + Fraction(half_up(share * beyond, 4)), 4)

    def _total(self, points: Mapping[str, Decimal], given: Mapping[str, Decimal | None]) -> Fraction:
        weights = {line["kpi_id"]: line["effective_weight"] for line in self.lines}
        parts = (Fraction(one) * Fraction(weights[kpi_id]) for kpi_id, one in points.items())
        data = Fraction(half_up(sum((Fraction(half_up(part, 12)) for part in parts), Fraction(0)), 4))
        share, together = self.score["supervisor_share"], self.score["collaboration_share"]
        for one, part in ((share, given["supervisor_score"]), (together, given["collaboration_score"])):
            if part is not None:
                data = (1 - Fraction(one)) * data + Fraction(one) * Fraction(part)
        return Fraction(half_up(data, 4))

    def _rows(self, sql: str, *values: str) -> Sequence[Row]:
        return rows_of(self._database, sql, *values)


class Group(Scored):
    """The published scores of a group, and what each member's grade would be with one number changed
    (S-RANK).
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, agent_id: str, period_id: str) -> None:
        super().__init__(database, agent_id, period_id)
        [self.grade] = self._rows(
            "select * from grade.grade where agent_id = ? and period_id = ?", agent_id, period_id
        )
        self.others = [
            Fraction(row["total_score"])
            for row in self._rows(
                "select total_score from grade.grade "
                "where cohort_id = ? and agent_id <> ? and total_score is not null",
                self.grade["cohort_id"],
                agent_id,
            )
        ]
        self.bands = self._rows(
            "select * from policy.policy_grade_band "
            "where period_id = ? and scheme_id = ? and method = ? order by band_no",
            period_id,
            self.grade["scheme_id"],
            self.grade["method"],
        )

    def band_with(self, name: str, value: Decimal) -> int:
        """Number of the band that the agent would be in with one number at another value."""
        return self.band(self.total_with(name, value))

    def own_band(self) -> int:
        """Number of the agent's own band, ranked again."""
        return self.band(Fraction(self.score["total_score"]))

    def band(self, total: Fraction) -> int:
        """Number of the band that a total score ranks or scores into."""
        if self.grade["method"] == "forced":
            position = Fraction(sum(other > total for other in self.others), len(self.others) + 1)
            return int(
                next(band["band_no"] for band in self.bands if Fraction(band["cumulative_share"]) > position)
            )
        return int(
            next(
                band["band_no"]
                for band in self.bands
                if band["min_score"] is None or total >= Fraction(band["min_score"])
            )
        )


def half_up(value: Fraction, places: int) -> Decimal:
    """`value` with so many decimals, half away from zero."""
    scaled = abs(value) * 10**places + Fraction(1, 2)
    whole = Decimal(scaled.numerator // scaled.denominator).scaleb(-places)
    return (-whole if value < 0 else whole).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
