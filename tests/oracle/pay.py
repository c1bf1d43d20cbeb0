"""Every bonus line of every plan from a landing folder and a policy folder, by exact fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from .instants import days_of, previous
from .kpi import Observer
from .numbers import MILLION, half_up
from .people import Segment
from .policy import Policy, Row
from .scores import Scores, kind_of


class Line(NamedTuple):
    """One paid amount, CNY with two places."""

    period_id: str
    agent_id: str
    scheme_id: str
    component_id: str
    mechanism: str
    amount_cny: Decimal


class Pay:
    """The bonus lines of all agents and periods. Components of a mechanism not known here are refused."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        self.policy = scores.policy
        self.observed = scores.observed
        self.people = scores.observer.people
        self.targets = {
            (target.agent_id, target.period_id, target.metric): target.value
            for target in scores.observer.exports.targets()
        }
        self.lines: list[Line] = []
        mechanisms: dict[str, Callable[[str, Row], Iterable[tuple[str, Decimal]]]] = {
            "fixed": self._fixed,
            "graded": self._graded,
            "scored": self._scored,
            "commission": self._commission,
            "top_n": self._top_n,
            "improvement": self._improvement,
        }
        for period in scores.observer.periods():
            for component in self.policy.in_force("component", period):
                if component["period_kind"] != kind_of(period):
                    continue
                for agent, amount in mechanisms[component["mechanism"]](period, component):
                    self.lines.append(
                        Line(
                            period,
                            agent,
                            component["scheme_id"],
                            component["component_id"],
                            component["mechanism"],
                            amount,
                        )
                    )

    # -- what policy says ------------------------------------------------------------------------

    def _parameter(self, period: str, component: Row, name: str) -> str | None:
        """A component's parameter: its value, else its word."""
        for row in self.policy.in_force("component_parameter", period):
            if (row["component_id"], row["parameter"]) == (component["component_id"], name):
                return row["value"] or row["text_value"]
        return None

    def _rates(self, period: str, component: Row, key: str) -> list[Row]:
        """The bands of a component's rate table for a key, from low to high."""
        rows = [
            row
            for row in self.policy.in_force("component_rate", period)
            if row["component_id"] == component["component_id"] and row["rate_key"] == key
        ]
        return sorted(rows, key=lambda row: Fraction(row["lower_bound"]))

    def _rate(self, period: str, component: Row, key: str, at: Fraction) -> Row | None:
        """The band [lower, upper) that holds a number."""
        for row in self._rates(period, component, key):
            if Fraction(row["lower_bound"]) <= at and (
                not row["upper_bound"] or at < Fraction(row["upper_bound"])
            ):
                return row
        return None

    # -- who is due ------------------------------------------------------------------------------

    def _segments(self, period: str, component: Row) -> dict[str, list[tuple[Segment, Fraction]]]:
        """By agent the segments under the component's plan and role, each with its share of the month.

        A quarter's or a year's component is due whole under the plan of the last day in service.
        """
        first, last = days_of(period)
        due: dict[str, list[tuple[Segment, Fraction]]] = {}
        for agent in self.people.agents():
            if kind_of(period) == "month":
                segments = self.people.during(agent, first, last)
            else:
                segments = self.people.during(agent, first, last)[-1:]
            shares = [
                (
                    segment,
                    Fraction(segment.last - segment.first + 1, last - first + 1)
                    if kind_of(period) == "month"
                    else Fraction(1),
                )
                for segment in segments
                if segment.job.scheme_id == component["scheme_id"]
                and component["role"] in ("*", segment.job.role)
            ]
            if shares:
                due[agent] = shares
        return due

    def _holders(self, period: str, component: Row) -> dict[str, Segment]:
        """The agents whose last day in service in the period was under the component's plan and role."""
        return {
            agent: segment
            for (held, agent), segment in self.scores.last_segment.items()
            if held == period
            and segment.job.scheme_id == component["scheme_id"]
            and component["role"] in ("*", segment.job.role)
        }

    # -- mechanisms ------------------------------------------------------------------------------

    def _fixed(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent, segments in self._segments(period, component).items():
            amounts = []
            for segment, share in segments:
                row = self._rate(period, component, self._key(component, segment, period, agent), Fraction(0))
                if row is not None:
                    amounts.append(Fraction(row["amount_cny"]) * share)
            yield agent, half_up(sum(amounts, Fraction(0)), 2)

    def _graded(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent, segments in self._segments(period, component).items():
            amounts = []
            for segment, share in segments:
                row = self._rate(period, component, self._key(component, segment, period, agent), Fraction(0))
                if row is not None:
                    amounts.append(self._base(period, component, segment) * _factor(row) * share)
            if amounts:
                yield agent, half_up(sum(amounts, Fraction(0)), 2)

    def _scored(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        share_of_base = Fraction(self._parameter(period, component, "share") or "1")
        for agent, segments in self._segments(period, component).items():
            score = self.scores.scores.get((period, agent))
            if score is None or score.total_score is None or score.scheme_id != component["scheme_id"]:
                continue
            base = sum((self._base(period, component, s) * share for s, share in segments), Fraction(0))
            yield agent, half_up(base * share_of_base * Fraction(score.total_score) / 100, 2)

    def _commission(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent in self._holders(period, component):
            sold = self.observed[(period, agent, component["basis"])].numerator
            target = self.targets.get((agent, period, component["basis"]))
            if not target:
                continue
            attainment = Fraction(half_up(Fraction(sold) * MILLION / target, 6))
            mode = self._parameter(period, component, "tier_mode") or "whole"
            if mode == "whole":
                row = self._rate(period, component, "", attainment)
                if row is not None:
                    yield agent, half_up(Fraction(sold) * Fraction(row["rate"]), 2)
            elif mode == "marginal":
                amount = Fraction(0)
                for row in self._rates(period, component, ""):
                    low = Fraction(row["lower_bound"]) * target / MILLION
                    high = (
                        Fraction(row["upper_bound"]) * target / MILLION
                        if row["upper_bound"]
                        else Fraction(sold)
                    )
                    amount += max(Fraction(0), min(high, Fraction(sold)) - low) * Fraction(row["rate"])
                yield agent, half_up(amount, 2)
            else:
                raise NotImplementedError(f"{component['component_id']}: tier_mode {mode}")

    def _top_n(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """Positions 1, 2, 3 … in each scope: ties by the tie-break KPIs, then by id."""
        by_scope: dict[str, list[tuple[tuple[Fraction, ...], str]]] = defaultdict(list)
        scope = self._parameter(period, component, "scope")
        smallest = int(Fraction(self._parameter(period, component, "min_sample") or "0"))
        measures = [component["basis"]]
        for number in (1, 2, 3):
            measure = self._parameter(period, component, f"tie_break_{number}")
            measures += [measure] if measure else []
        for agent, segment in self._holders(period, component).items():
            values = [self._value(period, agent, measure) for measure in measures]
            if values[0] is None or values[0][1] < smallest:
                continue
            worst = Fraction(-(10**18))
            order = [
                worst if value is None else value[0] * self._up(period, measure)
                for measure, value in zip(measures, values, strict=True)
            ]
            place = segment.department if scope == "department" else ""
            by_scope[place].append((tuple(-part for part in order), agent))
        for members in by_scope.values():
            for position, (_, agent) in enumerate(sorted(members), start=1):
                row = self._rate(period, component, "", Fraction(position))
                if row is not None:
                    yield agent, Decimal(row["amount_cny"])

    def _improvement(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """The largest improvement on the period before; team awards are no one's line."""
        if self._parameter(period, component, "subject") == "team":
            return
        measure = component["basis"]
        smallest = int(Fraction(self._parameter(period, component, "min_sample") or "0"))
        newcomer_months = self._parameter(period, component, "max_service_months")
        candidates = []
        for agent, segment in self._holders(period, component).items():
            now, before = self._value(period, agent, measure), self._value(previous(period), agent, measure)
            if now is None or before is None or min(now[1], before[1]) < smallest:
                continue
            if newcomer_months is not None and _service_months(segment) >= int(Fraction(newcomer_months)):
                continue
            gain = (now[0] - before[0]) * self._up(period, measure)
            if self._parameter(period, component, "gain") == "relative":
                if before[0] == 0:
                    continue
                gain = Fraction(half_up(gain / before[0], 6))
            if gain > 0:
                candidates.append((-gain, -now[1], agent))
        for position, (_, _, agent) in enumerate(sorted(candidates), start=1):
            row = self._rate(period, component, "", Fraction(position))
            if row is not None:
                yield agent, Decimal(row["amount_cny"])

    # -- values ----------------------------------------------------------------------------------

    def _key(self, component: Row, segment: Segment, period: str, agent: str) -> str:
        """What picks the row of a rate table."""
        attribute = component["key_attribute"]
        if not attribute:
            return ""
        if attribute == "grade":
            grade = self.scores.grades.get((period, agent))
            score = self.scores.scores.get((period, agent))
            if grade is None or score is None or score.scheme_id != component["scheme_id"]:
                return "no grade"
            return grade.grade
        return str(getattr(segment.job, attribute))

    def _base(self, period: str, component: Row, segment: Segment) -> Fraction:
        if component["basis"] == "base_salary":
            return Fraction(segment.job.base_salary or 0, MILLION)
        if component["basis"] == "base_cny":
            return Fraction(self._parameter(period, component, "base_cny") or "0")
        raise NotImplementedError(f"{component['component_id']}: basis {component['basis']}")

    def _value(self, period: str, agent: str, measure: str) -> tuple[Fraction, int] | None:
        """A KPI's value and denominator, or the total score."""
        if measure == "score":
            score = self.scores.scores.get((period, agent))
            return None if score is None or score.total_score is None else (Fraction(score.total_score), 1)
        found = self.observed.get((period, agent, measure))
        return (
            None if found is None or found.value is None else (Fraction(found.value), int(found.denominator))
        )

    def _up(self, period: str, measure: str) -> int:
        """1 where more is better, -1 where less is."""
        for row in self.policy.in_force("kpi", period):
            if row["kpi_id"] == measure:
                return 1 if row["direction"] == "higher" else -1
        return 1


def _factor(row: Row) -> Fraction:
    return Fraction(row["rate"] or row["amount_cny"])


def _service_months(segment: Segment) -> int:
    """Full months from hiring to the segment's last day."""
    hired = date.fromordinal(segment.job.hired_on or segment.job.effective_from)
    end = date.fromordinal(segment.last)
    return (end.year - hired.year) * 12 + end.month - hired.month - (end.day < hired.day)


def pay(landing: Path, as_of: date, policy_dir: Path) -> list[Line]:
    """All bonus lines as of the end of a business date."""
    policy = Policy(policy_dir)
    return Pay(Scores(Observer(landing, as_of, policy_dir), policy)).lines
