"""Every bonus line of every plan from a landing folder and a policy folder, by exact fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from .instants import days_of, full_months, full_years, months_of, previous
from .kpi import Observer
from .numbers import MILLION, half_up
from .people import Segment
from .policy import Policy, Row
from .scores import Scores, kind_of
from .tallies import Tallies


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
        self.tallies = Tallies(scores.observer)
        self.lines: list[Line] = []
        self.paid: dict[tuple[str, str, str], Decimal] = {}
        mechanisms: dict[str, Callable[[str, Row], Iterable[tuple[str, Decimal]]]] = {
            "fixed": self._fixed,
            "graded": self._graded,
            "scored": self._scored,
            "commission": self._commission,
            "top_n": self._top_n,
            "improvement": self._improvement,
            "points": self._points,
            "per_event": self._per_event,
            "threshold": self._threshold,
        }
        for period in scores.observer.periods():
            components = [
                row
                for row in self.policy.in_force("component", period)
                if row["period_kind"] == kind_of(period)
            ]
            for component in sorted(components, key=lambda row: int(row["line_no"])):
                for agent, amount in mechanisms[component["mechanism"]](period, component):
                    self.paid[(period, agent, component["component_id"])] = amount
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

    def _parameters(self, period: str, component: Row) -> list[Row]:
        return [
            row
            for row in self.policy.in_force("component_parameter", period)
            if row["component_id"] == component["component_id"]
        ]

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
            amount = self._table_amount(period, component, agent, segments)
            if amount is not None:
                yield agent, half_up(amount, 2)

    def _table_amount(
        self, period: str, component: Row, agent: str, segments: list[tuple[Segment, Fraction]]
    ) -> Fraction | None:
        """Σ of the amounts of the rate table, each by its segment's share; None if no segment has a row."""
        amounts = []
        for segment, share in segments:
            key = self._key(component, segment, period, agent)
            row = self._rate(period, component, key, self._band_value(component, period, agent))
            if row is not None:
                amounts.append(Fraction(row["amount_cny"]) * share)
        return sum(amounts, Fraction(0)) if amounts else None

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
            if score is None or score.total_score is None:
                continue
            total = Fraction(score.total_score)
            if component["basis"] == "base_cny":
                base = sum((self._base(period, component, s) * share for s, share in segments), Fraction(0))
            elif component["basis"] == "rate_table":
                base = self._table_amount(period, component, agent, segments) or Fraction(0)
            else:
                base = self._paid_base(period, component, agent)
            factor = total / 100
            if self._rates(period, component, "") and component["basis"] != "rate_table":
                row = self._rate(period, component, "", total)
                factor = Fraction(0) if row is None else Fraction(row["rate"])
                factor *= Fraction(self._parameter(period, component, "multiple") or "1")
                factor *= Fraction(self._parameter(period, component, "company_factor") or "1")
            yield agent, half_up(base * share_of_base * factor, 2)

    def _paid_base(self, period: str, component: Row, agent: str) -> Fraction:
        """What another component paid in the period's months, or in the last of them that has a line."""
        months = [month for month in months_of(period) if (month, agent, component["basis"]) in self.paid]
        if self._parameter(period, component, "base_of") == "last_month":
            months = months[-1:]
        return sum((Fraction(self.paid[(month, agent, component["basis"])]) for month in months), Fraction(0))

    def _points(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """Items first; then what takes them back: a month without performance pay, or the floor at 0."""
        basis = component["basis"]
        for agent, last in self._holders(period, component).items():
            if basis == "item":
                unit = Fraction(self._parameter(period, component, "unit_value_cny") or "0")
                points = self._item_points(period, component, agent, last)
                if component["band_attribute"] == "deduction_points":
                    points *= self._coefficient(period, component, agent, last)
                yield agent, half_up(points * unit, 2)
            elif basis in ("no_pay", "floor"):
                items = self._performance_items(period, component, agent)
                without_pay = self._no_pay(period, component, agent, last)
                if (basis == "no_pay" and without_pay) or (
                    basis == "floor" and not without_pay and items < 0
                ):
                    yield agent, -items

    def _item_points(self, period: str, component: Row, agent: str, last: Segment) -> Fraction:
        if not self._conditions_hold(period, component, agent):
            return Fraction(0)
        points = Fraction(0)
        for row in self._events(period, component, "weight"):
            item = row["event_kind"]
            if item == "month_in_service":
                quantity = Fraction(1)
            elif item.startswith("month_as_"):
                quantity = Fraction(last.job.level == item.removeprefix("month_as_"))
            elif item == "execution_score":
                rated = self.scores.rating(agent, period, "execution")
                quantity = Fraction(0) if rated is None else rated[0]
                least = self._parameter(period, component, "min_quantity")
                most = self._parameter(period, component, "max_quantity")
                quantity = quantity if least is None else max(quantity, Fraction(least))
                quantity = quantity if most is None else min(quantity, Fraction(most))
            else:
                quantity = self.tallies.within(agent, item, period)
            points += quantity * Fraction(row["weight"])
        return points

    def _conditions_hold(self, period: str, component: Row, agent: str) -> bool:
        """Every gate over the period; an agent without one event of the kind is as the row says."""
        for row in self._events(period, component, "gate"):
            if not self.tallies.has_any(agent, row["event_kind"], period):
                if row["if_missing"] != "met":
                    return False
                continue
            seen = self.tallies.within(agent, row["event_kind"], period)
            bound = Fraction(row["threshold_value"])
            if (seen > bound) if row["comparison"] == "at_most" else (seen < bound):
                return False
        return True

    def _events(self, period: str, component: Row, use: str) -> list[Row]:
        return [
            row
            for row in self.policy.in_force("component_event", period)
            if row["component_id"] == component["component_id"] and row["use"] == use
        ]

    def _coefficient(self, period: str, component: Row, agent: str, last: Segment) -> Fraction:
        """The coefficient of the month's deductions; a band covers up to its upper bound (PT-05, PT-06)."""
        deductions = self.tallies.within(agent, "deduction", period)
        for other in self.policy.in_force("component", period):
            if other["scheme_id"] == component["scheme_id"] and other["basis"] == "deduction":
                deductions += self._efficiency_deductions(period, other, agent)
        key = str(getattr(last.job, component["key_attribute"]))
        key = key or self._parameter(period, component, "default_rate_key") or ""
        for row in self._rates(period, component, key):
            if not row["upper_bound"] or deductions <= Fraction(row["upper_bound"]):
                return Fraction(row["rate"])
        raise ValueError(f"{component['component_id']}: no coefficient for {deductions}")

    def _efficiency_deductions(self, period: str, component: Row, agent: str) -> Fraction:
        """Points deducted by the KPI thresholds of the table."""
        total = Fraction(0)
        keys = {
            row["rate_key"]
            for row in self.policy.in_force("component_rate", period)
            if row["component_id"] == component["component_id"]
        }
        for kpi in keys:
            found = self._value(period, agent, kpi)
            row = None if found is None else self._rate(period, component, kpi, found[0])
            total += Fraction(0) if row is None else Fraction(row["rate"])
        return total

    def _performance_items(self, period: str, component: Row, agent: str) -> Decimal:
        """The sum of the plan's item lines of an agent and month."""
        items = {
            row["component_id"]
            for row in self.policy.in_force("component", period)
            if row["scheme_id"] == component["scheme_id"] and row["basis"] == "item"
        }
        return sum((self.paid.get((period, agent, item), Decimal(0)) for item in items), Decimal(0))

    def _no_pay(self, period: str, component: Row, agent: str, last: Segment) -> bool:
        """Whether the month's deductions leave no performance pay: coefficient 0."""
        return any(
            self._coefficient(period, row, agent, last) == 0
            for row in self.policy.in_force("component", period)
            if row["scheme_id"] == component["scheme_id"] and row["band_attribute"] == "deduction_points"
        )

    def _per_event(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """A month's pieces by the plan of their day, the rest by the plan of the period's last day."""
        row = self._rate(period, component, "", Fraction(0))
        if row is None:
            return
        item, holders = component["basis"], self._holders(period, component)
        first, last = days_of(period)
        for agent in self.people.agents():
            if not self._conditions_hold(period, component, agent):
                continue
            if item == "month_in_service":
                quantity = Fraction(agent in holders)
            elif kind_of(period) != "month":
                quantity = self.tallies.within(agent, item, period) if agent in holders else Fraction(0)
            else:
                held = [
                    segment
                    for segment in self.people.during(agent, first, last)
                    if segment.job.scheme_id == component["scheme_id"]
                    and component["role"] in ("*", segment.job.role)
                ]
                quantity = self.tallies.during(agent, item, held)
            if quantity:
                yield agent, half_up(quantity * Fraction(row["amount_cny"]), 2)

    def _threshold(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """A reward for reaching a share of the target, or for each full step above it."""
        step = self._parameter(period, component, "step_share")
        for agent in self._holders(period, component):
            attained = self._attainment(period, agent, component["basis"])
            row = None if attained is None else self._rate(period, component, "", attained)
            if attained is None or row is None:
                continue
            times = 1 if step is None else (attained - Fraction(row["lower_bound"])) // Fraction(step)
            if times:
                yield agent, half_up(times * Fraction(row["amount_cny"]), 2)

    def _attainment(self, period: str, agent: str, metric: str) -> Fraction | None:
        """KPI / target to six places; without a target of its own, of the period's months that have one."""
        spans = [period] if (agent, period, metric) in self.targets else months_of(period)
        spans = [span for span in spans if self.targets.get((agent, span, metric))]
        spans = [span for span in spans if (span, agent, metric) in self.observed]
        target = sum(self.targets[(agent, span, metric)] for span in spans)
        if not target:
            return None
        found = [self.observed[(span, agent, metric)] for span in spans]
        reached = sum((Fraction(observation.numerator) for observation in found), Fraction(0))
        return Fraction(half_up(reached * MILLION / target, 6))

    def _commission(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent in self._holders(period, component):
            sold = self.observed[(period, agent, component["basis"])].numerator
            target = self.targets.get((agent, period, component["basis"]))
            attainment = self._attainment(period, agent, component["basis"])
            if not target or attainment is None:
                continue
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
            if measures[0] == "attainment":
                attained = self._attainment(period, agent, self._parameter(period, component, "metric") or "")
                values[0] = None if attained is None else (attained, 1)
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
            if newcomer_months is not None and full_months(self.people.hired(agent), segment.last) >= int(
                Fraction(newcomer_months)
            ):
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
            return "no grade" if grade is None else grade.grade
        return str(getattr(segment.job, attribute))

    def _band_value(self, component: Row, period: str, agent: str) -> Fraction:
        """What picks the band of a rate table: full years of service on the period's last day, or nothing."""
        if component["band_attribute"] == "service_years":
            return Fraction(full_years(self.people.hired(agent), days_of(period)[1]))
        return Fraction(0)

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


def pay(landing: Path, as_of: date, policy_dir: Path, reference_dir: Path | None = None) -> list[Line]:
    """All bonus lines as of the end of a business date."""
    policy = Policy(policy_dir)
    return Pay(Scores(Observer(landing, as_of, policy_dir, reference_dir), policy)).lines
