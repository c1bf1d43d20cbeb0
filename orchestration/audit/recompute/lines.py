"""Bonus lines: quantity, rate and days of each component due, and the cents they come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from orchestration.audit.recompute.book import Book, Row
from orchestration.audit.recompute.due import Due, DueList
from orchestration.audit.recompute.events import Events
from orchestration.audit.recompute.exact import exact, money, ratio, rounded
from orchestration.audit.recompute.own import OwnObservations
from orchestration.audit.recompute.ranking import Awards, Ranking

ONE = Decimal(1)
QA_DEDUCTION, MARGINAL = "qa_deduction", "marginal"


def line_id_of(period_id: str, agent_id: str, component_id: str, segment_no: int, item: str = "") -> str:
    """The id of a line, stable from run to run."""
    return f"{period_id}:{agent_id}:{component_id}:{segment_no}:{item}"


@dataclass(frozen=True)
class Line:
    """One line: amount = quantity × rate × day_count / period_day_count, in cents."""

    due: Due
    item: str
    quantity: Decimal
    quantity_unit: str
    rate: Decimal
    clause_id: str
    day_count: int
    period_day_count: int
    amount_cny: Decimal = Decimal(0)

    @property
    def product(self) -> Fraction:
        """quantity × rate × days, before any rounding."""
        return exact(self.quantity) * exact(self.rate) * self.day_count

    @property
    def line_id(self) -> str:
        """The line's id, stable from run to run."""
        due = self.due
        return line_id_of(due.period_id, due.agent_id, due.component_id, due.segment_no, self.item)


@dataclass(frozen=True)
class Attainment:
    """Actual against target over the component's own days, exact; `target` is None where there is none above
    0. The actual is not known where a table that it counts never came (S-EXPORT).
    """

    metric: str
    actual: Fraction
    target: Fraction | None
    is_known: bool = True

    @property
    def exact_share(self) -> Fraction | None:
        """actual / target, as it is compared (S-EXACT)."""
        return None if self.target is None or not self.is_known else self.actual / self.target

    @property
    def share(self) -> Decimal | None:
        """actual / target, six decimals: to be shown."""
        return None if self.target is None or not self.is_known else ratio(self.actual, self.target)


@dataclass(frozen=True)
class PaidBase:
    """A monthly base of one segment: the row of the job history, the amount whole and the cents paid."""

    effective_from: date
    whole: Decimal
    cents: Decimal


def amounts(lines: Sequence[Line]) -> list[Line]:
    """The lines with their cents; of the segments of one item the last absorbs what rounding leaves."""
    items: dict[tuple[str, str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        items[line.due.agent_id, line.due.period_id, line.due.component_id, line.item].append(line)
    paid = []
    for segments in items.values():
        ordered = sorted(segments, key=lambda one: one.due.segment_no)
        own = [money(line.product / line.period_day_count) for line in ordered]
        last = ordered[-1]
        whole = money(sum((line.product for line in ordered), Fraction(0)) / last.period_day_count)
        own[-1] = whole - sum(own[:-1], Decimal(0))
        paid += [replace(line, amount_cny=cents) for line, cents in zip(ordered, own, strict=True)]
    return paid


class Lines:
    """Every line that the published evidence and policy pay."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.due = DueList(book)
        self.events = Events(self.due)
        self.own = OwnObservations(self.due)
        self.awards: Awards = Ranking(self.due, self.attainment)
        self._mechanisms: Mapping[str, Callable[[Due], Iterator[Line]]] = {
            "fixed": self._fixed,
            "graded": self._graded,
            "scored": self._scored,
            "commission": self._commission,
            "threshold": self._threshold,
            "per_event": self._per_event,
            "points": self._points,
            "top_n": self._ranked,
            "improvement": self._ranked,
        }

    @cached_property
    def unknown_mechanisms(self) -> dict[str, int]:
        """Mechanisms that this module does not know, with the components due under them."""
        found: dict[str, int] = defaultdict(int)
        for due in self.due.all:
            if due.component["mechanism"] not in self._mechanisms:
                found[due.component["mechanism"]] += 1
        return found

    @cached_property
    def all(self) -> Mapping[str, Line]:
        """Every line by id, with its cents."""
        items = [
            line
            for due in self.due.all
            if (mechanism := self._mechanisms.get(due.component["mechanism"])) is not None
            for line in mechanism(due)
        ]
        paid = amounts(items)
        return {line.line_id: line for line in [*paid, *amounts(list(self._counters(paid)))]}

    def graded_at(self, grades: Mapping[tuple[str, str], str | None]) -> Mapping[str, Decimal]:
        """Cents of the graded lines, by id, of agents and periods at other grades than theirs."""
        due_at = [
            replace(due, grade=grades[due.agent_id, due.period_id])
            for due in self.due.all
            if due.component["mechanism"] == "graded"
            and (due.agent_id, due.period_id) in grades
            and due.scheme_id == self.book.scores[due.agent_id, due.period_id]["scheme_id"]
        ]
        nothing = {
            line_id_of(due.period_id, due.agent_id, due.component_id, due.segment_no): Decimal(0)
            for due in due_at
        }
        paid = amounts([line for due in due_at for line in self._graded(due)])
        return nothing | {line.line_id: line.amount_cny for line in paid}

    def attainment(self, due: Due) -> Attainment:
        """Actual against target: the period's own target, else the sum of its months', each by its own days'
        share of the service that it is given for (S-MOVE).
        """
        metric = self.due.text(due, "metric") or due.component["basis"]
        months = self.own.months(due, metric)
        is_known = not self.book.is_absent(due.period_id, "kpi", metric)
        given = self.book.targets.get((due.agent_id, due.period_id, metric))
        if given is not None and given["target_value"] is not None:
            actual = sum((month.numerator for month in months), Fraction(0))
            target = exact(given["target_value"]) * due.own_day_count / due.service_day_count
            return Attainment(metric, actual, target if target > 0 else None, is_known)
        with_target = [
            (month, row["target_value"])
            for month in months
            if (row := self.book.targets.get((due.agent_id, month.month_id, metric))) is not None
            and row["target_value"] is not None
            and row["target_value"] > 0
        ]
        if not with_target:
            return Attainment(metric, sum((month.numerator for month in months), Fraction(0)), None, is_known)
        return Attainment(
            metric,
            sum((month.numerator for month, _ in with_target), Fraction(0)),
            sum((exact(value) * month.share for month, value in with_target), Fraction(0)),
            is_known,
        )

    def chosen_rates(self, due: Due) -> list[Row]:
        """The rows of the component's rate table that its lines take; several where tiers add up."""
        mechanism, table = due.component["mechanism"], self.due.rates(due)
        if mechanism in ("fixed", "per_event"):
            row = self.table_row(due)
        elif mechanism == "graded":
            return [rate for rate in table if due.grade is not None and rate["rate_key"] == due.grade]
        elif mechanism == "commission":
            return list(self._tiers(due))
        elif mechanism == "threshold":
            items = {line.item for line in self._threshold(due)}
            return [rate for rate in table if str(rounded(rate["lower_bound"], 2)) in items]
        elif mechanism == "points":
            row = self.coefficient_row(due) if due.component["band_attribute"] == "deduction_points" else None
        elif mechanism == "scored":
            rows = [
                self.table_row(due) if due.component["basis"] == "rate_table" else None,
                self.score_row(due),
            ]
            return [one for one in rows if one is not None]
        else:
            row = self.awards.award(due)
        return [] if row is None else [row]

    def _line(
        self,
        due: Due,
        *,
        quantity: Decimal | Fraction,
        rate: Decimal | Fraction,
        clause_id: str,
        unit: str = "cny",
        item: str = "",
    ) -> Line:
        return Line(
            due=due,
            item=item,
            quantity=rounded(quantity, 6),
            quantity_unit=unit,
            rate=rounded(rate, 8),
            clause_id=clause_id,
            day_count=due.day_count,
            period_day_count=due.period_day_count,
        )

    def table_row(self, due: Due) -> Row | None:
        """The row of the component's table by its key and band."""
        table = self.due.rates(due)
        for rate in table:
            if rate["rate_key"] == due.rate_key and self.due.in_band(
                due.band_value, rate, table, is_upper=self.due.is_upper(due)
            ):
                return rate
        return None

    def _fixed(self, due: Due) -> Iterator[Line]:
        rate = self.table_row(due)
        if rate is not None:
            yield self._line(due, quantity=rate["amount_cny"], rate=ONE, clause_id=rate["clause_id"])

    def _graded(self, due: Due) -> Iterator[Line]:
        for rate in self.due.rates(due):
            if due.grade is not None and rate["rate_key"] == due.grade:
                if due.component["basis"] == "base_salary":
                    base = due.place["base_salary_cny"]
                else:
                    base = self.due.parameter(due, "base_cny")
                yield self._line(
                    due, quantity=base or Decimal(0), rate=rate["rate"], clause_id=rate["clause_id"]
                )

    def _tiers(self, due: Due) -> Iterator[Row]:
        """The tiers that an attainment reaches: one, or where tiers add up every one from the first."""
        share = self.attainment(due).exact_share
        is_marginal = self.due.text(due, "tier_mode") == MARGINAL
        for tier in self.due.rates(due):
            upper = tier["upper_bound"]
            is_below = not is_marginal and upper is not None and share is not None and share >= upper
            if share is not None and share >= tier["lower_bound"] and not is_below:
                yield tier

    def _commission(self, due: Due) -> Iterator[Line]:
        attained = self.attainment(due)
        is_marginal = self.due.text(due, "tier_mode") == MARGINAL
        for tier in self._tiers(due):
            lower, upper, quantity = tier["lower_bound"], tier["upper_bound"], rounded(attained.actual, 6)
            if is_marginal and attained.target is not None:
                target = exact(rounded(attained.target, 6))
                if upper is not None:
                    quantity = min(quantity, rounded(exact(upper) * target, 6))
                quantity -= rounded(exact(lower) * target, 6)
            yield self._line(
                due,
                quantity=quantity,
                rate=tier["rate"],
                clause_id=tier["clause_id"],
                item=str(rounded(lower, 2)) if is_marginal else "",
            )

    def _threshold(self, due: Due) -> Iterator[Line]:
        attained = self.attainment(due)
        if attained.target is None or not attained.is_known:
            return
        step = self.due.parameter(due, "step_share")
        for rate in self.due.rates(due):
            if rate["rate_key"] != due.rate_key:
                continue
            above = attained.actual - attained.target * exact(rate["lower_bound"])
            if step is None:
                count = 1 if above >= 0 else 0
            else:
                count = max(0, above // (attained.target * exact(step)))
            if count > 0:
                yield self._line(
                    due,
                    quantity=Decimal(count),
                    rate=rate["amount_cny"],
                    clause_id=rate["clause_id"],
                    unit="target" if step is None else "steps",
                    item=str(rounded(rate["lower_bound"], 2)),
                )

    def _ranked(self, due: Due) -> Iterator[Line]:
        award = self.awards.award(due)
        if award is not None:
            yield self._line(
                due, quantity=award["amount_cny"], rate=ONE, clause_id=due.component["clause_id"]
            )

    def _per_event(self, due: Due) -> Iterator[Line]:
        rate = self.table_row(due)
        kind = due.component["basis"]
        quantity = self.bounded(due, exact(self.events.counted(due, kind)))
        if rate is not None and quantity != 0:
            yield self._line(
                due, quantity=quantity, rate=rate["amount_cny"], clause_id=rate["clause_id"], unit=kind
            )

    def bounded(self, due: Due, quantity: Fraction) -> Fraction:
        """The count that pays: 0 where a gate is shut, else within the component's bounds."""
        for row in self.book.component_events.get(due.key, ()):
            if row["use"] == "gate" and not self.is_open(due, row):
                return Fraction(0)
        if self.is_unknown(due):
            return Fraction(0)
        least, most = self.due.parameter(due, "min_quantity"), self.due.parameter(due, "max_quantity")
        if least is not None and quantity < least:
            return exact(least)
        if most is not None and quantity > most:
            return exact(most)
        return quantity

    def is_open(self, due: Due, gate: Row) -> bool:
        """Whether what a gate asks of the events of all own days holds."""
        if self.book.is_absent(due.period_id, "event_kind", gate["event_kind"]):
            return False
        threshold, seen = exact(gate["threshold_value"]), self.events.seen(due, gate["event_kind"])
        if seen is None:
            return bool(gate["if_missing"] == "met")
        return seen <= threshold if gate["comparison"] == "at_most" else seen >= threshold

    def is_unknown(self, due: Due) -> bool:
        """S-EXPORT: whether no export of anything that the component counts ever came, or none of something
        that takes away.
        """
        if due.component["mechanism"] == "per_event":
            return self.book.is_absent(due.period_id, "event_kind", due.component["basis"])
        weights = self.book.weights(*due.key)
        absent = [kind for kind in weights if self.book.is_absent(due.period_id, "event_kind", kind)]
        is_all = bool(weights) and len(absent) == len(weights)
        return is_all or any(weights[kind]["weight"] < 0 for kind in absent)

    def _points(self, due: Due) -> Iterator[Line]:
        unit_value = self.due.parameter(due, "unit_value_cny")
        weights = {kind: row["weight"] for kind, row in self.book.weights(*due.key).items()}
        if unit_value is None or not weights:
            return
        counted = sum(
            (
                exact(rounded(exact(self.events.counted(due, kind)) * exact(weight), 6))
                for kind, weight in weights.items()
            ),
            Fraction(0),
        )
        rate, clause_id = exact(unit_value), due.component["clause_id"]
        if due.component["band_attribute"] == "deduction_points":
            coefficient = self.coefficient_row(due)
            if coefficient is None:
                return
            rate, clause_id = rate * exact(coefficient["rate"]), coefficient["clause_id"]
        yield self._line(
            due, quantity=self.bounded(due, counted), rate=rate, clause_id=clause_id, unit="points"
        )

    def coefficient_row(self, due: Due) -> Row | None:
        """PT-05, PT-06: the row of the coefficient table that the month's deductions lead to."""
        if self.has_unknown_deductions(due):
            return None
        key = due.rate_key or self.due.text(due, "default_rate_key")
        deducted = rounded(sum((points for _, points, _ in self.deductions(due)), Fraction(0)), 6)
        table = self.due.rates(due)
        for rate in table:
            if rate["rate_key"] == key and self.due.in_band(
                deducted, rate, table, is_upper=self.due.is_upper(due)
            ):
                return rate
        return None

    def has_unknown_deductions(self, due: Due) -> bool:
        """S-EXPORT: whether the component that deducts is due and no QA export ever came."""
        return self.book.is_absent(due.period_id, "event_kind", QA_DEDUCTION) and any(
            other.component["mechanism"] == "points"
            and other.component["basis"] == "deduction"
            and other.scheme_id == due.scheme_id
            for other in self._of_agent[due.agent_id, due.period_id]
        )

    def deductions(self, due: Due) -> list[tuple[str, Fraction, Row | None]]:
        """PT-05: what is deducted on the plan's own days: by QA, and per KPI the row of its bands."""
        found: list[tuple[str, Fraction, Row | None]] = []
        for other in self._of_agent[due.agent_id, due.period_id]:
            is_deduction = (
                other.component["mechanism"] == "points" and other.component["basis"] == "deduction"
            )
            if not is_deduction or other.scheme_id != due.scheme_id:
                continue
            found.append((QA_DEDUCTION, exact(self.events.counted(other, QA_DEDUCTION)), None))
            table = self.due.rates(other)
            for rate in table:
                value = self.own.ratio(other, rate["rate_key"])
                if value is not None and self.due.in_band(
                    value, rate, table, is_upper=self.due.is_upper(other)
                ):
                    found.append((rate["rate_key"], exact(rate["rate"]), rate))
        return found

    def _counters(self, paid: Sequence[Line]) -> Iterator[Line]:
        """PT-02, PT-05: what takes a month's performance pay back to 0 is a line of its own."""
        totals: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for line in paid:
            if line.due.component["mechanism"] == "points":
                totals[line.due.agent_id, line.due.period_id, line.due.scheme_id] += line.amount_cny
        for (agent_id, period_id, scheme_id), total in totals.items():
            due_of_agent = [due for due in self._of_agent[agent_id, period_id] if due.scheme_id == scheme_id]
            holders = [due for due in due_of_agent if due.component["band_attribute"] == "deduction_points"]
            row = self.coefficient_row(holders[0]) if holders else None
            is_unknown = bool(holders) and self.has_unknown_deductions(holders[0])
            if row is None and not is_unknown:
                continue
            for due in due_of_agent:
                basis = due.component["basis"] if due.component["mechanism"] == "points" else None
                if basis == "no_pay" and row is not None and row["rate"] == 0:
                    yield self._line(due, quantity=-total, rate=ONE, clause_id=row["clause_id"])
                elif basis == "floor" and (row is None or row["rate"] > 0) and total < 0:
                    yield self._line(due, quantity=-total, rate=ONE, clause_id=due.component["clause_id"])

    def _scored(self, due: Due) -> Iterator[Line]:
        if due.total_score is None:
            return
        base, is_from_paid, clause_id = self.scored_base(due)
        factor = exact(due.total_score) / 100
        if self.is_banded(due):
            row = self.score_row(due)
            if row is None:
                return
            factor, clause_id = exact(row["rate"]), row["clause_id"]
        if base is None:
            return
        share = exact(rounded(exact(base) * self.factor(due, "share"), 6))
        multiple = exact(rounded(self.factor(due, "multiple") * self.factor(due, "company_factor"), 6))
        line = self._line(due, quantity=share * multiple, rate=factor, clause_id=clause_id)
        # A base that is itself paid by segment is not prorated again.
        yield replace(line, day_count=1, period_day_count=1) if is_from_paid else line

    def is_banded(self, due: Due) -> bool:
        """Whether a score pays by bands of the component's table instead of by the hundred."""
        return any(rate["rate"] is not None for rate in self.due.rates(due))

    def score_row(self, due: Due) -> Row | None:
        """The row of the component's table whose band the total score lies in."""
        bands = [rate for rate in self.due.rates(due) if rate["rate"] is not None]
        for rate in bands:
            if due.total_score is not None and self.due.in_band(
                due.total_score, rate, bands, is_upper=self.due.is_upper(due)
            ):
                return rate
        return None

    def factor(self, due: Due, name: str) -> Fraction:
        """A factor that the policy gives the component, 1 where it gives none."""
        value = self.due.parameter(due, name)
        return Fraction(1) if value is None else exact(value)

    def scored_base(self, due: Due) -> tuple[Decimal | None, bool, str]:
        """The amount that a score pays a share of, whether it is itself paid out, and its rule."""
        basis, clause_id = due.component["basis"], due.component["clause_id"]
        if basis == "base_salary":
            return due.place["base_salary_cny"], False, clause_id
        if basis == "base_cny":
            value = self.due.parameter(due, "base_cny")
            return (None if value is None else rounded(value, 2)), False, clause_id
        if basis == "rate_table":
            row = self.table_row(due)
            return (None, False, clause_id) if row is None else (row["amount_cny"], False, row["clause_id"])
        paid = [
            one
            for month_id in sorted(self.book.months.get(due.period_id, ()))
            for one in self._paid_bases.get((basis, due.agent_id, month_id), ())
        ]
        if self.due.text(due, "base_of") == "last_month":
            return (paid[-1].whole, False, clause_id) if paid else (None, False, clause_id)
        cents = [one.cents for one in paid if one.effective_from == due.place["effective_from_on"]]
        return (sum(cents, Decimal(0)), True, clause_id) if cents else (None, False, clause_id)

    @cached_property
    def _paid_bases(self) -> Mapping[tuple[str, str, str], Sequence[PaidBase]]:
        """Monthly `fixed` components as paid: component, agent and month → the month's segments in order."""
        fixed = [
            line
            for due in self.due.all
            if due.component["mechanism"] == "fixed" and due.component["period_kind"] == "month"
            for line in self._fixed(due)
        ]
        found: dict[tuple[str, str, str], list[PaidBase]] = defaultdict(list)
        for line in sorted(amounts(fixed), key=lambda one: one.due.segment_no):
            due = line.due
            paid = PaidBase(due.place["effective_from_on"], rounded(line.quantity, 2), line.amount_cny)
            found[due.component_id, due.agent_id, due.period_id].append(paid)
        return found

    @cached_property
    def _of_agent(self) -> Mapping[tuple[str, str], Sequence[Due]]:
        found: dict[tuple[str, str], list[Due]] = defaultdict(list)
        for due in self.due.all:
            found[due.agent_id, due.period_id].append(due)
        return found
