"""Every bonus line of every plan from a landing folder and a policy folder, by exact fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from .instants import days_of, full_months, full_years, month_of, months_of, previous
from .kpi import Observer
from .numbers import MILLION, half_up
from .people import Segment
from .policy import Policy, Row
from .scores import Scores, kind_of
from .tallies import Tallies

MECHANISMS = (
    "fixed",
    "graded",
    "scored",
    "commission",
    "top_n",
    "improvement",
    "points",
    "per_event",
    "threshold",
)


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
        self.last_day = scores.observer.as_of.toordinal()
        self.targets = {
            (target.agent_id, target.period_id, target.metric): target.value
            for target in scores.observer.exports.targets()
        }
        self.tallies = Tallies(scores.observer)
        self.lines: list[Line] = []
        self.paid: dict[tuple[str, str, str], Decimal] = {}
        self._held: dict[tuple[str, str, str], dict[str, list[Segment]]] = {}
        self._pays: dict[str, Callable[[str, Row], Iterable[tuple[str, Decimal]]]] = {
            name: getattr(self, f"_{name}") for name in MECHANISMS
        }
        for period in scores.observer.periods():
            components = [
                row
                for row in self.policy.in_force("component", period)
                if row["period_kind"] == kind_of(period)
            ]
            for component in sorted(components, key=lambda row: int(row["line_no"])):
                for agent, amount in self._pays[component["mechanism"]](period, component):
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

    def parameter(self, period: str, component: Row, name: str) -> str | None:
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

    def rate(self, period: str, component: Row, key: str, at: Fraction) -> Row | None:
        """The band [lower, upper) that holds a number."""
        for row in self._rates(period, component, key):
            if Fraction(row["lower_bound"]) <= at and (
                not row["upper_bound"] or at < Fraction(row["upper_bound"])
            ):
                return row
        return None

    # -- who is due ------------------------------------------------------------------------------

    def _due(self, period: str, component: Row) -> dict[str, list[Segment]]:
        """By agent the segments of the period under the component's plan and role."""
        asked = (period, component["scheme_id"], component["role"])
        if asked in self._held:
            return self._held[asked]
        found = self._held[asked] = {}
        for agent in self.people.agents():
            held = [
                segment
                for segment in self.people.during(agent, *days_of(period))
                if segment.job.scheme_id == component["scheme_id"]
                and component["role"] in ("*", segment.job.role)
            ]
            if held:
                found[agent] = held
        return found

    def awardable(self, period: str, component: Row) -> dict[str, Segment]:
        """Who may be ranked (S-AWARD): on the plan on the last day, and for enough of the period's days."""
        first, last = days_of(period)
        least = Fraction(self.scores.rule(component["scheme_id"], period, "min_service_share") or "0.5")
        found = {}
        for agent, segments in self._due(period, component).items():
            on_plan = [
                segment
                for segment in self.people.during(agent, first, last)
                if segment.job.scheme_id == component["scheme_id"]
            ]
            if segments[-1].last == last and _days(on_plan) >= least * (last - first + 1):
                found[agent] = segments[-1]
        return found

    # -- mechanisms ------------------------------------------------------------------------------

    def _fixed(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent, segments in self._due(period, component).items():
            amount = self._table_amount(period, component, agent, segments)
            if amount is not None:
                yield agent, half_up(amount, 2)

    def _table_amount(
        self, period: str, component: Row, agent: str, segments: list[Segment]
    ) -> Fraction | None:
        """Σ of the amounts of the rate table by the days of each segment; None if no segment has a row."""
        amounts = [
            amount * _share(period, segment)
            for segment in segments
            for amount in [self._whole_amount(period, component, agent, segment)]
            if amount is not None
        ]
        return sum(amounts, Fraction(0)) if amounts else None

    def _whole_amount(self, period: str, component: Row, agent: str, segment: Segment) -> Fraction | None:
        """The amount of the rate table for a segment, as if it were the whole period."""
        key = self._key(component, segment, period, agent)
        row = self.rate(period, component, key, self._band_value(component, segment, period, agent))
        return None if row is None else Fraction(row["amount_cny"])

    def _graded(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent, segments in self._due(period, component).items():
            amounts = []
            for segment in segments:
                row = self.rate(period, component, self._key(component, segment, period, agent), Fraction(0))
                base = self._base(period, component, segment)
                if row is not None and base is not None:
                    amounts.append(base * _factor(row) * _share(period, segment))
            if amounts:
                yield agent, half_up(sum(amounts, Fraction(0)), 2)

    def _scored(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        share_of_base = Fraction(self.parameter(period, component, "share") or "1")
        for agent, segments in self._due(period, component).items():
            score = self.scores.scores.get((period, agent))
            if score is None or score.total_score is None:
                continue
            total = Fraction(score.total_score)
            if component["basis"] == "base_cny":
                base = sum(
                    ((self._base(period, component, s) or 0) * _share(period, s) for s in segments),
                    Fraction(0),
                )
            elif component["basis"] == "rate_table":
                base = self._table_amount(period, component, agent, segments) or Fraction(0)
            elif self.parameter(period, component, "base_of") == "last_month":
                base = self._last_base(component, agent, segments) * Fraction(
                    _days(segments), _length(period)
                )
            else:
                base = self._paid_base(period, component, agent)
            factor = total / 100
            if self._rates(period, component, "") and component["basis"] != "rate_table":
                row = self.rate(period, component, "", total)
                factor = Fraction(0) if row is None else Fraction(row["rate"])
                factor *= Fraction(self.parameter(period, component, "multiple") or "1")
                factor *= Fraction(self.parameter(period, component, "company_factor") or "1")
            yield agent, half_up(base * share_of_base * factor, 2)

    def _paid_base(self, period: str, component: Row, agent: str) -> Fraction:
        """What another component paid in the period's months: already by the days on the plan."""
        months = [month for month in months_of(period) if (month, agent, component["basis"]) in self.paid]
        return sum((Fraction(self.paid[(month, agent, component["basis"])]) for month in months), Fraction(0))

    def _last_base(self, component: Row, agent: str, segments: list[Segment]) -> Fraction:
        """The whole monthly base of the last month on the plan (SS-05)."""
        last = segments[-1]
        month = month_of(min(last.last, self.last_day))
        (base,) = [
            row
            for row in self.policy.in_force("component", month)
            if row["component_id"] == component["basis"]
        ]
        return self._whole_amount(month, base, agent, last) or Fraction(0)

    def _points(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """Items first; then what takes them back: a month without performance pay, or the floor at 0."""
        basis = component["basis"]
        for agent, segments in self._due(period, component).items():
            if basis == "item":
                unit = Fraction(self.parameter(period, component, "unit_value_cny") or "0")
                points = self._item_points(period, component, agent, segments)
                if component["band_attribute"] == "deduction_points":
                    coefficient = self._coefficient(period, component, agent, segments)
                    if coefficient is None:
                        continue
                    points *= coefficient
                yield agent, half_up(points * unit, 2)
            elif basis in ("no_pay", "floor"):
                items = self._performance_items(period, component, agent)
                without_pay = self._no_pay(period, component, agent)
                if (basis == "no_pay" and without_pay) or (
                    basis == "floor" and not without_pay and items < 0
                ):
                    yield agent, -items

    def _item_points(self, period: str, component: Row, agent: str, segments: list[Segment]) -> Fraction:
        """Counted items over the plan's own days, the others by those days."""
        if not self._conditions_hold(period, component, agent, segments):
            return Fraction(0)
        points = Fraction(0)
        for row in self._events(period, component, "weight"):
            item = row["event_kind"]
            if Fraction(row["weight"]) < 0 and not self.tallies.is_known(item):
                return Fraction(0)  # what an unknown export would take away is not paid
            if item == "month_in_service":
                quantity = Fraction(_days(segments), _length(period))
            elif item.startswith("month_as_"):
                level = item.removeprefix("month_as_")
                quantity = sum(
                    (_share(period, segment) for segment in segments if segment.job.level == level),
                    Fraction(0),
                )
            elif item == "execution_score":
                rated = self.scores.rating(agent, period, "execution")
                quantity = Fraction(0) if rated is None else rated[0]
                least = self.parameter(period, component, "min_quantity")
                most = self.parameter(period, component, "max_quantity")
                quantity = quantity if least is None else max(quantity, Fraction(least))
                quantity = quantity if most is None else min(quantity, Fraction(most))
                quantity *= Fraction(_days(segments), _length(period))
            else:
                quantity = self.tallies.during(agent, item, segments)
            points += quantity * Fraction(row["weight"])
        return points

    def _conditions_hold(self, period: str, component: Row, agent: str, segments: list[Segment]) -> bool:
        """Every gate over the plan's own days; without one event of the kind it is as the row says, where no
        export of such rows ever came it is not met (S-EXPORT).
        """
        for row in self._events(period, component, "gate"):
            kind, bound = row["event_kind"], Fraction(row["threshold_value"])
            if not self.tallies.is_known(kind):
                return False
            if not self.tallies.has_any(agent, kind, segments):
                if row["if_missing"] != "met":
                    return False
                continue
            counted = self.tallies.during(agent, kind, segments)
            if counted > bound if row["comparison"] == "at_most" else counted < bound:
                return False
        return True

    def _events(self, period: str, component: Row, use: str) -> list[Row]:
        return [
            row
            for row in self.policy.in_force("component_event", period)
            if row["component_id"] == component["component_id"] and row["use"] == use
        ]

    def _coefficient(
        self, period: str, component: Row, agent: str, segments: list[Segment]
    ) -> Fraction | None:
        """The coefficient of the deductions of the plan's own days; a band covers up to its upper bound
        (PT-05, PT-06). None where there is no QA export (S-EXPORT).
        """
        if not self.tallies.is_known("qa_deduction"):
            return None
        deductions = self.tallies.during(agent, "qa_deduction", segments)
        for other in self.policy.in_force("component", period):
            if other["scheme_id"] == component["scheme_id"] and other["basis"] == "deduction":
                deductions += self._efficiency_deductions(period, other, agent, segments)
        key = str(getattr(segments[-1].job, component["key_attribute"]))
        key = key or self.parameter(period, component, "default_rate_key") or ""
        for row in self._rates(period, component, key):
            if not row["upper_bound"] or deductions <= Fraction(row["upper_bound"]):
                return Fraction(row["rate"])
        raise ValueError(f"{component['component_id']}: no coefficient for {deductions}")

    def _efficiency_deductions(
        self, period: str, component: Row, agent: str, segments: list[Segment]
    ) -> Fraction:
        """Points deducted by the KPI thresholds of the table, of the KPIs of the plan's own days."""
        total = Fraction(0)
        keys = {
            row["rate_key"]
            for row in self.policy.in_force("component_rate", period)
            if row["component_id"] == component["component_id"]
        }
        for kpi in keys:
            found = self.scores.observer.over(agent, kpi, segments)
            ratio = None if found is None else found.ratio
            row = None if ratio is None else self.rate(period, component, kpi, ratio)
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

    def _no_pay(self, period: str, component: Row, agent: str) -> bool:
        """Whether the deductions leave no performance pay: coefficient 0."""
        return any(
            self._coefficient(period, row, agent, self._due(period, row)[agent]) == 0
            for row in self.policy.in_force("component", period)
            if row["scheme_id"] == component["scheme_id"] and row["band_attribute"] == "deduction_points"
            if agent in self._due(period, row)
        )

    def _per_event(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """Pieces by the plan of their day; once a period by the days on the plan."""
        item = component["basis"]
        for agent, segments in self._due(period, component).items():
            if not self._conditions_hold(period, component, agent, segments):
                continue
            amount = Fraction(0)
            for segment in segments:
                key = self._key(component, segment, period, agent)
                row = self.rate(period, component, key, self._band_value(component, segment, period, agent))
                if row is None:
                    continue
                if item == "month_in_service":
                    quantity = _share(period, segment)
                else:
                    quantity = self.tallies.during(agent, item, [segment])
                amount += quantity * Fraction(row["amount_cny"])
            if amount:
                yield agent, half_up(amount, 2)

    def _threshold(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """A reward for reaching a share of the target, or for each full step above it."""
        step = self.parameter(period, component, "step_share")
        for agent, segments in self._due(period, component).items():
            attained = self._attainment(period, agent, component["basis"], segments)
            row = None if attained is None else self.rate(period, component, "", attained)
            if attained is None or row is None:
                continue
            times = 1 if step is None else (attained - Fraction(row["lower_bound"])) // Fraction(step)
            if times:
                yield agent, half_up(times * Fraction(row["amount_cny"]), 2)

    def _target(self, period: str, agent: str, metric: str, segments: list[Segment]) -> Fraction:
        """The share of a period's target of its own that days of service take; 0 where there is none."""
        target = Fraction(self.targets.get((agent, period, metric), 0), MILLION)
        first, last = days_of(period)
        service = _days(self.people.during(agent, first, last))
        own = sum(max(0, min(s.last, last) - max(s.first, first) + 1) for s in segments)
        return target * Fraction(own, service) if service else Fraction(0)

    def _attainment(self, period: str, agent: str, metric: str, segments: list[Segment]) -> Fraction | None:
        """KPI / target over days of service, exact; without a target of its own, a quarter or a year takes
        those months that have one.
        """
        spans = [period] if self.targets.get((agent, period, metric)) else months_of(period)
        reached, target = Fraction(0), Fraction(0)
        for span in spans:
            part = self._target(span, agent, metric, segments)
            first, last = days_of(span)
            within = [
                s._replace(first=max(s.first, first), last=min(s.last, last))
                for s in segments
                if s.first <= last and s.last >= first
            ]
            found = self.scores.observer.over(agent, metric, within)
            if part and found is not None and first <= self.last_day:
                target += part
                reached += Fraction(found.numerator)
        return reached / target if target else None

    def _commission(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        for agent, segments in self._due(period, component).items():
            found = self.scores.observer.over(agent, component["basis"], segments)
            target = self._target(period, agent, component["basis"], segments)
            if found is None or not target:
                continue
            sold = Fraction(found.numerator)
            mode = self.parameter(period, component, "tier_mode") or "whole"
            if mode == "whole":
                row = self.rate(period, component, "", sold / target)
                if row is not None:
                    yield agent, half_up(sold * Fraction(row["rate"]), 2)
            elif mode == "marginal":
                amount = Fraction(0)
                for row in self._rates(period, component, ""):
                    low = Fraction(row["lower_bound"]) * target
                    high = Fraction(row["upper_bound"]) * target if row["upper_bound"] else sold
                    amount += max(Fraction(0), min(high, sold) - low) * Fraction(row["rate"])
                yield agent, half_up(amount, 2)
            else:
                raise NotImplementedError(f"{component['component_id']}: tier_mode {mode}")

    def _top_n(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """Positions 1, 2, 3 … in each scope: ties by the tie-break KPIs, then by id."""
        by_scope: dict[str, list[tuple[tuple[Fraction, ...], str]]] = defaultdict(list)
        scope = self.parameter(period, component, "scope")
        smallest = int(Fraction(self.parameter(period, component, "min_sample") or "0"))
        measures = [component["basis"]]
        for number in (1, 2, 3):
            measure = self.parameter(period, component, f"tie_break_{number}")
            measures += [measure] if measure else []
        for agent, segment in self.awardable(period, component).items():
            values = [self._value(period, agent, measure) for measure in measures]
            if measures[0] == "attainment":
                metric = self.parameter(period, component, "metric") or ""
                attained = self._attainment(period, agent, metric, self._due(period, component)[agent])
                values[0] = None if attained is None else (attained, 1)
            if values[0] is None or values[0][1] < smallest:
                continue
            worst = Fraction(-(10**18))
            order = [
                worst if value is None else value[0] * self.up(period, measure)
                for measure, value in zip(measures, values, strict=True)
            ]
            place = segment.department if scope == "department" else ""
            by_scope[place].append((tuple(-part for part in order), agent))
        for members in by_scope.values():
            for position, (_, agent) in enumerate(sorted(members), start=1):
                row = self.rate(period, component, "", Fraction(position))
                if row is not None:
                    yield agent, Decimal(row["amount_cny"])

    def _improvement(self, period: str, component: Row) -> Iterable[tuple[str, Decimal]]:
        """The largest improvement on the period before; team awards are no one's line."""
        if self.parameter(period, component, "subject") == "team":
            return
        measure = component["basis"]
        smallest = int(Fraction(self.parameter(period, component, "min_sample") or "0"))
        newcomer_months = self.parameter(period, component, "max_service_months")
        candidates = []
        for agent, segment in self.awardable(period, component).items():
            was = self.scores.last_segment.get((previous(period), agent))
            if was is None or was.job.scheme_id != component["scheme_id"]:
                continue
            now, before = self._value(period, agent, measure), self._value(previous(period), agent, measure)
            if now is None or before is None or min(now[1], before[1]) < smallest:
                continue
            if newcomer_months is not None and full_months(segment.hired, segment.last) >= int(
                Fraction(newcomer_months)
            ):
                continue
            gain = (now[0] - before[0]) * self.up(period, measure)
            if self.parameter(period, component, "gain") == "relative":
                if before[0] == 0:
                    continue
                gain /= before[0]
            if gain > 0:
                candidates.append((-gain, -now[1], agent))
        for position, (_, _, agent) in enumerate(sorted(candidates), start=1):
            row = self.rate(period, component, "", Fraction(position))
            if row is not None:
                yield agent, Decimal(row["amount_cny"])

    # -- values ----------------------------------------------------------------------------------

    def _key(self, component: Row, segment: Segment, period: str, agent: str) -> str:
        """What picks the row of a rate table."""
        attribute = component["key_attribute"]
        if not attribute:
            return ""
        if attribute == "grade":
            return self.scores.grade_under(component["scheme_id"], period, agent) or "no grade"
        return str(getattr(segment.job, attribute))

    def _band_value(self, component: Row, segment: Segment, period: str, agent: str) -> Fraction:
        """What picks the band of a rate table: full years on that service's last day, or nothing."""
        if component["band_attribute"] == "service_years":
            last = min(segment.served_to, days_of(period)[1])
            return Fraction(full_years(segment.hired, last))
        return Fraction(0)

    def _base(self, period: str, component: Row, segment: Segment) -> Fraction | None:
        """None where the roster says no salary: what rests on it is unknown, and not paid."""
        if component["basis"] == "base_salary":
            salary = segment.job.base_salary
            return None if salary is None else Fraction(salary, MILLION)
        if component["basis"] == "base_cny":
            return Fraction(self.parameter(period, component, "base_cny") or "0")
        raise NotImplementedError(f"{component['component_id']}: basis {component['basis']}")

    def _value(self, period: str, agent: str, measure: str) -> tuple[Fraction, int] | None:
        """A KPI's exact ratio and denominator, or the total score."""
        if measure == "score":
            score = self.scores.scores.get((period, agent))
            return None if score is None or score.total_score is None else (Fraction(score.total_score), 1)
        found = self.observed.get((period, agent, measure))
        ratio = None if found is None else found.ratio
        return None if found is None or ratio is None else (ratio, int(found.denominator))

    def up(self, period: str, measure: str) -> int:
        """1 where more is better, -1 where less is."""
        for row in self.policy.in_force("kpi", period):
            if row["kpi_id"] == measure:
                return 1 if row["direction"] == "higher" else -1
        return 1


def _days(segments: Iterable[Segment]) -> int:
    """Calendar days of segments, the first and the last included."""
    return sum(segment.last - segment.first + 1 for segment in segments)


def _length(period: str) -> int:
    """Calendar days of a period."""
    first, last = days_of(period)
    return last - first + 1


def _share(period: str, segment: Segment) -> Fraction:
    """A segment's calendar days over those of the period."""
    return Fraction(_days([segment]), _length(period))


def _factor(row: Row) -> Fraction:
    return Fraction(row["rate"] or row["amount_cny"])


def pay(landing: Path, as_of: date, policy_dir: Path, reference_dir: Path | None = None) -> list[Line]:
    """All bonus lines as of the end of a business date."""
    policy = Policy(policy_dir)
    return Pay(Scores(Observer(landing, as_of, policy_dir, reference_dir), policy)).lines
