"""Scores and grades of every plan: S-CURVE, S-MISSING, S-RANK and the totals of CG-04…CG-06."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from .instants import days_of, months_of, quarter_of
from .kpi import CENTRE, Observation, Observer
from .numbers import MILLION, half_up
from .people import Segment
from .policy import Policy, Row

SCORED, AWAITING_REVIEW, INSUFFICIENT = "scored", "awaiting_review", "insufficient_data"


class ScoreLine(NamedTuple):
    """One KPI of a score: points have four places, the weight is exact."""

    block: str
    kpi_id: str
    value: Decimal
    points: Decimal
    effective_weight: Fraction


class Score(NamedTuple):
    """Scores have four places; None where there is nothing to score."""

    scheme_id: str
    role: str
    data_score: Decimal | None
    supervisor_score: Decimal | None
    collaboration_score: Decimal | None
    total_score: Decimal | None
    status: str
    lines: tuple[ScoreLine, ...]


class Grade(NamedTuple):
    grade: str
    method: str
    rank: int | None
    cohort_size: int


def kind_of(period: str) -> str:
    """`month`, `quarter` or `year`."""
    if len(period) == 4:
        return "year"
    return "quarter" if "Q" in period else "month"


class Scores:
    """Every agent's score and grade in every period of an observer, under a policy."""

    def __init__(self, observer: Observer, policy: Policy) -> None:
        self.observer = observer
        self.policy = policy
        self.observed = observer.agent_observations()
        self.observed_groups = observer.group_observations()
        self._ratings: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        periods = set(observer.periods())
        for rating in observer.exports.ratings():
            if rating.period_id in periods:
                self._ratings[(rating.agent_id, rating.period_id, rating.dimension)].append(rating.score)
        self.last_segment: dict[tuple[str, str], Segment] = {}
        self.scores: dict[tuple[str, str], Score] = {}
        self.grades: dict[tuple[str, str], Grade] = {}
        for period in sorted(
            observer.periods(), key=lambda name: ("month quarter year".index(kind_of(name)), name)
        ):
            for agent in observer.people.agents():
                segments = observer.people.during(agent, *days_of(period))
                if segments:
                    self.last_segment[(period, agent)] = segments[-1]
                scored = [s for s in segments if self._has_score(s.job.scheme_id, period)]
                if scored:
                    self.scores[(period, agent)] = self._score(period, agent, scored[-1])
        for period in observer.periods():
            self._grade(period)

    # -- scores ----------------------------------------------------------------------------------

    def rule(self, scheme: str, period: str, parameter: str) -> str | None:
        """A plan's rule for a kind of period, as text."""
        for row in self.policy.in_force("scheme_rule", period):
            if (row["scheme_id"], row["period_kind"], row["parameter"]) == (
                scheme,
                kind_of(period),
                parameter,
            ):
                return row["value"]
        return None

    def _has_score(self, scheme: str, period: str) -> bool:
        """Whether a plan has a score for such a period."""
        return any(
            (row["scheme_id"], row["period_kind"]) == (scheme, kind_of(period))
            for row in self.policy.in_force("score_kpi", period)
        )

    def _score(self, period: str, agent: str, segment: Segment) -> Score:
        """The period's one score: under the last plan and role held in it whose plan has one (S-MOVE)."""
        scheme, role = segment.job.scheme_id, segment.job.role
        rows = self._for_role(self.policy.in_force("score_kpi", period), scheme, role, period)
        blocks = {
            row["block"]: Fraction(row["weight"])
            for row in self._for_role(self.policy.in_force("score_block", period), scheme, role, period)
        }
        lines = self._lines(period, agent, rows, blocks)
        if not lines:
            return Score(scheme, role, None, None, None, None, INSUFFICIENT, ())
        data = half_up(sum(Fraction(line.points) * line.effective_weight for line in lines), 4)
        total, status = Fraction(data), SCORED
        if any(line.kpi_id == "quarter_total" for line in lines) and any(
            score.status == AWAITING_REVIEW for score in self._quarters(period, agent)
        ):
            status = AWAITING_REVIEW
        supervisor = None
        supervisor_share = self.rule(scheme, period, "supervisor_share")
        if supervisor_share is not None:
            supervisor = self.rating(agent, period, "supervisor")
            if supervisor is None:
                status = AWAITING_REVIEW
            else:
                share = Fraction(supervisor_share)
                total = (1 - share) * Fraction(data) + share * Fraction(half_up(supervisor[0], 4))
        collaboration = None
        collaboration_share = self.rule(scheme, period, "collaboration_share")
        if collaboration_share is not None:
            found = self.observed.get((period, agent, "collaboration_score"))
            if found is not None and found.value is not None:
                share = Fraction(collaboration_share)
                collaboration = half_up(found.value, 4)
                total = (1 - share) * total + share * Fraction(collaboration)
        return Score(
            scheme,
            role,
            data,
            None if supervisor is None else half_up(supervisor[0], 4),
            collaboration,
            half_up(total, 4),
            status,
            lines,
        )

    @staticmethod
    def _for_role(rows: list[Row], scheme: str, role: str, period: str) -> list[Row]:
        kind = kind_of(period)
        return [
            row
            for row in rows
            if row["scheme_id"] == scheme and row["period_kind"] == kind and row["role"] in ("*", role)
        ]

    def _lines(
        self, period: str, agent: str, rows: list[Row], blocks: dict[str, Fraction]
    ) -> tuple[ScoreLine, ...]:
        scored = []
        for row in rows:
            found = self._measure(period, agent, row["kpi_id"])
            if found is not None and found[1] >= int(row["min_sample"]):
                scored.append((row, found[0]))
        in_block: dict[str, Fraction] = defaultdict(Fraction)
        for row, _ in scored:
            in_block[row["block"]] += Fraction(row["weight"])
        of_blocks = sum((blocks[block] for block in in_block), Fraction(0))
        lines = []
        for row, value in scored:
            block = row["block"]
            weight = blocks[block] / of_blocks * Fraction(row["weight"]) / in_block[block]
            points = half_up(self._curve(period, row, Fraction(value)), 4)
            lines.append(ScoreLine(block, row["kpi_id"], value, points, weight))
        return tuple(lines)

    def _curve(self, period: str, row: Row, value: Fraction) -> Fraction:
        """S-CURVE: floor 0, target 100, stretch 120, linear between, clipped."""
        points = {r["parameter"]: Fraction(r["value"]) for r in self.policy.in_force("convention", period)}
        at_target, at_stretch = points["curve_target_points"], points["curve_stretch_points"]
        floor, target = Fraction(row["floor_value"]), Fraction(row["target_value"])
        up = 1 if target > floor else -1
        if (value - target) * up <= 0:
            return max(Fraction(0), at_target * (value - floor) / (target - floor))
        if not row["stretch_value"]:
            return at_target
        stretch = Fraction(row["stretch_value"])
        return min(at_stretch, at_target + (at_stretch - at_target) * (value - target) / (stretch - target))

    def _measure(self, period: str, agent: str, name: str) -> tuple[Decimal, int] | None:
        """The value and the sample of what a score row names, or None."""
        kinds = {row["measure_id"]: row["kind"] for row in self.policy.in_force("score_measure", period)}
        if kinds.get(name) == "rating":
            rated = self.rating(agent, period, name)
            return None if rated is None else (half_up(rated[0], 6), rated[1])
        if name == "quarter_total":
            totals = [
                Fraction(score.total_score)
                for score in self._quarters(period, agent)
                if score.total_score is not None
            ]
            return (half_up(sum(totals, Fraction(0)) / len(totals), 6), len(totals)) if totals else None
        if name == "centre_nps":
            return _sampled(self.observed_groups.get((CENTRE, CENTRE, period, "nps")))
        return _sampled(self.observed.get((period, agent, name)))

    def _quarters(self, year: str, agent: str) -> list[Score]:
        """The agent's quarter scores of a year, under whatever plan."""
        quarters = dict.fromkeys(quarter_of(month) for month in months_of(year))
        found = [self.scores.get((quarter, agent)) for quarter in quarters]
        return [score for score in found if score is not None]

    def rating(self, agent: str, period: str, dimension: str) -> tuple[Fraction, int] | None:
        """Mean and number of the period's ratings; of a quarter or year without any, of its months'."""
        given = list(self._ratings.get((agent, period, dimension), []))
        if not given and kind_of(period) != "month":
            for month in months_of(period):
                given += self._ratings.get((agent, month, dimension), [])
        return (Fraction(sum(given), len(given) * MILLION), len(given)) if given else None

    def grade_under(self, scheme: str, period: str, agent: str) -> str | None:
        """The grade that a plan pays an agent's segments by, None where there is none.

        The plan of the score pays by the grade; another plan by its own absolute bands read with the score,
        or by its lowest grade where it has none (S-MOVE).
        """
        score = self.scores.get((period, agent))
        if score is None or score.total_score is None:
            return None
        if score.scheme_id == scheme:
            grade = self.grades.get((period, agent))
            return None if grade is None else grade.grade
        absolute = self._bands(scheme, period, "absolute")
        if absolute:
            return _band_by_score(absolute, score.total_score)
        forced = self._bands(scheme, period, "forced")
        return forced[-1]["grade"] if forced else None

    def _bands(self, scheme: str, period: str, method: str) -> list[Row]:
        """The bands of a plan and kind of period, the best first."""
        return sorted(
            (
                row
                for row in self.policy.in_force("grade_band", period)
                if (row["scheme_id"], row["period_kind"], row["method"]) == (scheme, kind_of(period), method)
            ),
            key=lambda row: int(row["band_no"]),
        )

    # -- grades ----------------------------------------------------------------------------------

    def _grade(self, period: str) -> None:
        cohorts: dict[tuple[str, str], list[tuple[str, Decimal]]] = defaultdict(list)
        for (scored_period, agent), score in self.scores.items():
            if scored_period == period and score.total_score is not None:
                scope = self.rule(score.scheme_id, period, "cohort_scope") or "role"
                cohort = score.role if scope == "role" else "*"
                cohorts[(score.scheme_id, cohort)].append((agent, score.total_score))
        for (scheme, _), members in cohorts.items():
            forced = self._bands(scheme, period, "forced")
            absolute = self._bands(scheme, period, "absolute")
            smallest = int(self.rule(scheme, period, "min_group_size") or 5)
            count = len(members)
            for agent, total in members:
                rank = 1 + sum(other > total for _, other in members)
                if forced and count >= smallest:
                    grade = _band_by_rank(forced, Fraction(rank - 1, count))
                    self.grades[(period, agent)] = Grade(grade, "forced", rank, count)
                elif absolute:
                    self.grades[(period, agent)] = Grade(
                        _band_by_score(absolute, total), "absolute", rank, count
                    )


def _sampled(found: Observation | None) -> tuple[Decimal, int] | None:
    if found is None or found.value is None:
        return None
    return found.value, int(found.denominator)


def _band_by_rank(bands: list[Row], position: Fraction) -> str:
    """The first band whose cumulative share is above the position."""
    cumulative = Fraction(0)
    for band in bands:
        cumulative += Fraction(band["share"])
        if cumulative > position:
            return band["grade"]
    return bands[-1]["grade"]


def _band_by_score(bands: list[Row], total: Decimal) -> str:
    """The best band whose lowest score is reached."""
    for band in bands:
        if not band["min_score"] or total >= Decimal(band["min_score"]):
            return band["grade"]
    return ""
