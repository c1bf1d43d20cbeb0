"""The published rows of one period that a workbook and the statements show. Nothing is calculated here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from orchestration.publish.payroll.words import Words, either, period_words, word
from orchestration.state.folder import auditor_parquet, is_published

REGISTER, PERSON, UNPAID = "marts.mart_bonus_register", "marts.mart_payroll_person", "bonus.bonus_unpaid"
SHOWN = (REGISTER, PERSON, UNPAID)
"""Relations that are read, from the auditors' Parquet; all of them tell their changes by period."""


@dataclass(frozen=True)
class Line:
    """A row of `mart_bonus_register`; of an adjustment `settled_cny` is the line that it adjusts."""

    period_id: str
    agent_id: str
    agent_name: str | None
    scheme_id: str | None
    scheme_en: str | None
    scheme_zh: str | None
    line_no: int
    bonus_line_id: str
    bonus_id: str
    component_id: str
    component_en: str | None
    component_zh: str | None
    mechanism: str
    pay_kind: str
    line_label: str | None
    line_label_zh: str | None
    quantity: Decimal | None
    quantity_unit: str | None
    counted_en: str | None
    counted_zh: str | None
    rate: Decimal | None
    day_count: int
    period_day_count: int
    amount_cny: Decimal
    clause_id: str | None
    value_origin: str | None
    adjusts_bonus_line_id: str | None
    maturity: str
    settled_period_id: str | None
    settled_cny: Decimal | None

    @property
    def is_adjustment(self) -> bool:
        """Whether it adjusts a line of a settled period."""
        return self.adjusts_bonus_line_id is not None

    @property
    def adjusted_period_id(self) -> str:
        """The settled period that it adjusts; where that line is not in the register, as its id begins."""
        return self.settled_period_id or (self.adjusts_bonus_line_id or "").partition(":")[0]

    @property
    def label(self) -> Words:
        """What the line is for."""
        return either(self.line_label_zh, self.line_label, self.component_id)

    @property
    def component(self) -> Words:
        """The component that it is a line of."""
        return either(self.component_zh, self.component_en, self.component_id)

    @property
    def scheme(self) -> Words:
        """The plan that it is paid by."""
        return either(self.scheme_zh, self.scheme_en, self.scheme_id)

    @property
    def unit(self) -> Words:
        """What its quantity counts."""
        if self.counted_zh or self.counted_en:
            return either(self.counted_zh, self.counted_en)
        return word("quantity_unit", self.quantity_unit)

    @property
    def has_all_days(self) -> bool:
        """Whether it is paid for every day of the period."""
        return self.day_count == self.period_day_count


@dataclass(frozen=True)
class Person:
    """A row of `mart_payroll_person`."""

    period_kind: str
    period_id: str
    starts_on: date
    ends_on: date
    agent_id: str
    agent_name: str | None
    department: str | None
    team_id: str | None
    team_name: str | None
    role: str | None
    level: str | None
    scheme_id: str | None
    scheme_en: str | None
    scheme_zh: str | None
    grade: str | None
    score_status: str | None
    line_count: int
    component_cny: Decimal
    adjustment_cny: Decimal
    amount_cny: Decimal
    maturity: str
    is_settled: bool

    @property
    def scheme(self) -> Words:
        """The plan on the last day in service."""
        return either(self.scheme_zh, self.scheme_en, self.scheme_id)

    @property
    def team(self) -> str:
        """The team's name, its id where it has none; '' of who is in none."""
        return self.team_name or self.team_id or ""

    @property
    def state(self) -> str:
        """`settled`, else how mature the bonus is."""
        return "settled" if self.is_settled else self.maturity


@dataclass(frozen=True)
class Unpaid:
    """A row of `bonus_unpaid`: what was due and not paid."""

    agent_id: str
    component_id: str
    segment_no: int
    label_en: str | None
    label_zh: str | None
    reason_en: str | None
    reason_zh: str | None
    not_paid_cny: Decimal | None
    clause_id: str | None

    @property
    def label(self) -> Words:
        """The component."""
        return either(self.label_zh, self.label_en, self.component_id)

    @property
    def reason(self) -> Words:
        """Why it is not paid."""
        return either(self.reason_zh, self.reason_en)


@dataclass(frozen=True)
class Share:
    """What is one person's."""

    person: Person
    lines: Sequence[Line]
    unpaid: Sequence[Unpaid]


@dataclass(frozen=True)
class PeriodPay:
    """Who has a bonus in a period, in the order of ids, and its lines in the register's order."""

    period_id: str
    people: Sequence[Person]
    lines: Sequence[Line]

    @property
    def name(self) -> Words:
        """The period as people say it."""
        first = self.people[0]
        return period_words(first.period_kind, self.period_id, first.starts_on)

    @property
    def state(self) -> str:
        """That of the least mature bonus."""
        return min((one.state for one in self.people), key=("provisional", "final", "settled").index)


Row = TypeVar("Row", Line, Person, Unpaid)

LINES = """
select line.*, before.period_id as settled_period_id, before.amount_cny as settled_cny
from read_parquet($register) as line
left join (select bonus_line_id, period_id, amount_cny from read_parquet($register)) as before
    on line.adjusts_bonus_line_id = before.bonus_line_id
where line.period_id = $period
"""
PEOPLE = "from read_parquet($people) where period_id = $period"
UNPAID_ROWS = "from read_parquet($unpaid) where period_id = $period and reason <> 'not_needed'"
"""Not what only takes back or makes up, where there was nothing to: nobody was due it."""
ORDER = {
    Line: "agent_id, line_no, bonus_line_id",
    Person: "agent_id",
    Unpaid: "agent_id, component_id, segment_no",
}


@dataclass(frozen=True)
class Period:
    """A period that has lines."""

    period_id: str
    period_kind: str
    ends_on: date


PERIODS = """
select period_id, min(period_kind), max(ends_on)
from (select distinct period_id from read_parquet($register))
inner join read_parquet($people) using (period_id)
group by period_id order by period_id
"""


def periods_of(database: duckdb.DuckDBPyConnection, folder: Path) -> Sequence[Period]:
    """Periods that the register of a candidate or publication has lines of, in the order of their ids."""
    given = _places(folder, register=REGISTER, people=PERSON)
    return [Period(*row) for row in database.execute(PERIODS, given).fetchall()]


def is_complete(folder: Path) -> bool:
    """Whether a candidate or publication has what payroll's files are made of."""
    return all(is_published(folder, relation) for relation in (REGISTER, PERSON))


def read_period(database: duckdb.DuckDBPyConnection, folder: Path, period_id: str) -> PeriodPay:
    """The people and lines of a period of a candidate or publication."""
    register, people = _places(folder, register=REGISTER), _places(folder, people=PERSON)
    return PeriodPay(
        period_id,
        people=_rows(database, Person, PEOPLE, **people, period=period_id),
        lines=_rows(database, Line, LINES, **register, period=period_id),
    )


def read_unpaid(database: duckdb.DuckDBPyConnection, folder: Path, period_id: str) -> Sequence[Unpaid]:
    """What was due and not paid in a period of a candidate or publication; nothing where it does not say."""
    if not is_published(folder, UNPAID):
        return ()
    return _rows(database, Unpaid, UNPAID_ROWS, **_places(folder, unpaid=UNPAID), period=period_id)


def _places(folder: Path, **relations: str) -> dict[str, str]:
    return {name: str(auditor_parquet(folder, relation)) for name, relation in relations.items()}


def shares(pay: PeriodPay, unpaid: Sequence[Unpaid]) -> Iterator[Share]:
    """What is whose, person by person."""
    lines, reasons = _by_agent(pay.lines), _by_agent(unpaid)
    for person in pay.people:
        yield Share(person, lines.get(person.agent_id, ()), reasons.get(person.agent_id, ()))


def _by_agent(rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.agent_id, []).append(row)
    return found


def _rows(database: duckdb.DuckDBPyConnection, kind: type[Row], query: str, **given: Any) -> list[Row]:
    names = ", ".join(one.name for one in fields(kind))
    found = database.execute(f"select {names} from ({query}) order by {ORDER[kind]}", given).fetchall()
    return [kind(*row) for row in found]
