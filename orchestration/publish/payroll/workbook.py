"""The register of a period as a workbook: people, lines, totals and adjustments.

Texts are written as texts: a name that begins with `=`, `+`, `-` or `@` is no formula. The same rows give the
same bytes. A formula has its value with it, which is what the formula comes to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from orchestration.publish.payroll.rows import Line, PeriodPay, Person
from orchestration.publish.payroll.sheet import (
    HEADER,
    Column,
    Formats,
    Formula,
    Kind,
    Sheet,
    Value,
    number_of,
    write_sheet,
)
from orchestration.publish.payroll.words import Words, said, word

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A fixed creation time, so that a workbook's bytes depend on its rows alone."""
PARTS = ("base", "performance", "incentive")
"""Kinds of pay, in the order of their columns."""
MOST_PRINTED = 14
"""With more components than this the sheet of people prints without them: nobody could read it."""
SUMMED = (*PARTS, "adjustment", "total")


def workbook_name(period_id: str) -> str:
    """The file of a period's register."""
    return f"register_{period_id}.xlsx"


def write_workbook(path: Path, pay: PeriodPay, titles: Mapping[str, str]) -> None:
    """Write the workbook of a period; `titles` are the Chinese titles of clauses by their ids."""
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    heading = f"{said('said', 'workbook')} {pay.name} · {word('state', pay.state)}"
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": CREATED, "title": heading})
        formats = Formats(book)
        for sheet in sheets(pay, titles):
            write_sheet(book, formats, sheet, heading=heading, page=said("said", "page"))


def sheets(pay: PeriodPay, titles: Mapping[str, str]) -> Iterator[Sheet]:
    """The sheets of a period's workbook, in their order."""
    people = _people(pay)
    lines = _lines(pay, titles)
    yield people
    yield lines
    yield _totals(pay, people, lines)
    yield _adjustments(pay, titles)


def _column(name: str, kind: Kind = "text", *, is_summed: bool = False) -> Column:
    return Column(name, said("columns", name), kind, is_summed)


def _money(name: str) -> Column:
    return _column(name, "money", is_summed=True)


# ---- people


def _people(pay: PeriodPay) -> Sheet:
    components = _components(pay)
    before = [
        *(_column(name) for name in ("agent_id", "agent_name", "department", "team", "scheme", "grade")),
        *(_column(name) for name in ("score", "state")),
        *(_money(name) for name in SUMMED),
        _column("line_count", "count", is_summed=True),
    ]
    own = [
        Column(component_id, label, "money", is_summed=True)
        for component_id, (_, label) in components.items()
    ]
    codes = ("period_id", "scheme_id", "team_id", "role", "level", "score_status", "maturity")
    columns = [*before, *own, *(_column(name, "code") for name in codes)]
    paid: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in pay.lines:
        if not line.is_adjustment:
            paid[line.agent_id][line.component_id] += line.amount_cny
    place = _People(len(before) - len(SUMMED) - 1, len(before), components)
    rows = [
        place.row(person, paid[person.agent_id], HEADER + 2 + number)
        for number, person in enumerate(pay.people)
    ]
    printed = len(before) + (len(own) if len(own) <= MOST_PRINTED else 0)
    return Sheet(said("sheets", "people"), columns, rows, printed, said("said", "total"))


def _components(pay: PeriodPay) -> Mapping[str, tuple[str, Words]]:
    """Kind of pay and name of each component that has a line of the period's own: by kind, plan and place in
    the plan.
    """
    first: dict[str, Line] = {}
    for line in pay.lines:
        if not line.is_adjustment:
            known = first.setdefault(line.component_id, line)
            if line.line_no < known.line_no:
                first[line.component_id] = line
    ordered = sorted(
        first.values(),
        key=lambda line: (_part(line.pay_kind), line.scheme_id or "", line.line_no, line.component_id),
    )
    names = Counter(line.component for line in ordered)
    return {
        line.component_id: (line.pay_kind, line.component if names[line.component] == 1 else _of_plan(line))
        for line in ordered
    }


def _of_plan(line: Line) -> Words:
    """The name of a component whose name several plans have."""
    component, scheme = line.component, line.scheme
    return Words(f"{component.zh}（{scheme.zh}）", f"{component.en} ({scheme.en})")


def _part(pay_kind: str) -> int:
    return PARTS.index(pay_kind) if pay_kind in PARTS else len(PARTS)


class _People:
    """Where the columns of the sheet of people are: money from `money_at` on, components from `own_at` on."""

    def __init__(self, money_at: int, own_at: int, components: Mapping[str, tuple[str, Words]]) -> None:
        self._money_at = money_at
        self._components = components
        self._spans: dict[str, tuple[str, str]] = {}
        for position, (pay_kind, _) in enumerate(components.values(), start=own_at):
            letter = xl_col_to_name(position)
            self._spans[pay_kind] = (self._spans.get(pay_kind, (letter, letter))[0], letter)

    def row(self, person: Person, paid: Mapping[str, Decimal], line: int) -> list[Value]:
        """The cells of a person in the sheet's row `line`, from 1."""
        return [
            person.agent_id,
            person.agent_name,
            person.department,
            person.team,
            str(person.scheme),
            person.grade,
            str(word("score_status", person.score_status)),
            str(word("state", person.state)),
            *(self._part(kind, paid, line) for kind in PARTS),
            person.adjustment_cny,
            self._total(person, line),
            person.line_count,
            *(paid.get(component_id) for component_id in self._components),
            *(person.period_id, person.scheme_id, person.team_id, person.role, person.level),
            *(person.score_status, person.maturity),
        ]

    def _part(self, kind: str, paid: Mapping[str, Decimal], line: int) -> Value:
        """What the components of a kind of pay come to."""
        if kind not in self._spans:
            return Decimal(0)
        first, last = self._spans[kind]
        amount = sum(
            (paid.get(one, Decimal(0)) for one, (of, _) in self._components.items() if of == kind), Decimal(0)
        )
        return Formula(f"=ROUND(SUM({first}{line}:{last}{line}),2)", amount)

    def _total(self, person: Person, line: int) -> Formula:
        first, last = (xl_col_to_name(self._money_at + step) for step in (0, len(PARTS)))
        return Formula(f"=ROUND(SUM({first}{line}:{last}{line}),2)", person.amount_cny)


# ---- lines


def _lines(pay: PeriodPay, titles: Mapping[str, str]) -> Sheet:
    shown = [
        *(_column(name) for name in ("agent_id", "agent_name", "scheme")),
        _column("line_no", "count"),
        *(_column(name) for name in ("item", "mechanism", "pay_kind")),
        _column("quantity", "number"),
        _column("unit"),
        _column("rate", "number"),
        _column("days"),
        _money("amount_cny"),
        *(_column(name) for name in ("clause", "origin", "state")),
    ]
    codes = (
        *("period_id", "bonus_line_id", "bonus_id", "component_id", "scheme_id", "mechanism_code"),
        *("pay_kind_code", "quantity_unit", "clause_id", "value_origin", "maturity", "adjusts_bonus_line_id"),
    )
    states = {person.agent_id: person.state for person in pay.people}
    rows: list[list[Value]] = [
        [
            line.agent_id,
            line.agent_name,
            str(line.scheme),
            line.line_no,
            str(line.label),
            str(word("mechanism", line.mechanism)),
            str(word("pay_kind", line.pay_kind)),
            line.quantity,
            str(line.unit),
            line.rate,
            f"{line.day_count}/{line.period_day_count}",
            line.amount_cny,
            clause_words(line.clause_id, titles),
            str(word("value_origin", line.value_origin)),
            str(word("state", states.get(line.agent_id, line.maturity))),
            *(line.period_id, line.bonus_line_id, line.bonus_id, line.component_id, line.scheme_id),
            *(line.mechanism, line.pay_kind, line.quantity_unit, line.clause_id, line.value_origin),
            *(line.maturity, line.adjusts_bonus_line_id),
        ]
        for line in pay.lines
    ]
    columns = [*shown, *(_column(name, "code") for name in codes)]
    return Sheet(said("sheets", "lines"), columns, rows, len(shown), said("said", "total"))


def clause_words(clause_id: str | None, titles: Mapping[str, str]) -> str:
    """`CG-11 基础奖金与浮动奖金`."""
    return " ".join(part for part in (clause_id, titles.get(clause_id or "")) if part)


# ---- totals


def _totals(pay: PeriodPay, people: Sheet, lines: Sheet) -> Sheet:
    """By the plan that a line is paid by, by the team of the last day in service, and altogether."""
    columns = [
        *(_column(name) for name in ("grouped_by", "group")),
        _column("people_count", "count"),
        *(_column(name, "money") for name in SUMMED),
        _column("group_code", "code"),
    ]
    code = f"${xl_col_to_name(len(columns) - 1)}"
    plans: dict[str, list[Line]] = defaultdict(list)
    for line in pay.lines:
        plans[line.scheme_id or ""].append(line)
    teams: dict[str, list[int]] = defaultdict(list)
    for number, person in enumerate(pay.people):
        teams[person.team_id or ""].append(number)
    rows: list[Sequence[Value]] = []
    for scheme_id, paid in sorted(plans.items()):
        is_in = f"EXACT({lines.cells('scheme_id')},{code}{HEADER + 2 + len(rows)})"
        count = len({line.agent_id for line in paid})
        sums = [_of_lines(lines, paid, part, f"--{is_in}") for part in SUMMED]
        rows.append([str(said("said", "by_plan")), str(paid[0].scheme), count, *sums, scheme_id or None])
    for team_id, numbers in sorted(teams.items()):
        is_in = f"EXACT({people.cells('team_id')},{code}{HEADER + 2 + len(rows)})"
        name = pay.people[numbers[0]].team or str(said("said", "none"))
        size = Formula(f"=SUMPRODUCT(--{is_in})", Decimal(len(numbers)))
        sums = [
            Formula(f"=ROUND(SUMPRODUCT(--{is_in},{people.cells(part)}),2)", _sum_of(people, part, numbers))
            for part in SUMMED
        ]
        rows.append([str(said("said", "by_team")), name, size, *sums, team_id or None])
    rows += _checks(pay, people, lines, first_line=HEADER + 2 + len(rows))
    return Sheet(said("sheets", "totals"), columns, rows, len(columns) - 1)


def _checks(pay: PeriodPay, people: Sheet, lines: Sheet, *, first_line: int) -> list[Sequence[Value]]:
    """What all people and all lines come to, and that it is the same."""
    everybody = range(len(people.rows))
    of_people = [
        Formula(f"=ROUND(SUM({people.cells(part)}),2)", _sum_of(people, part, everybody)) for part in SUMMED
    ]
    of_lines = [_of_lines(lines, pay.lines, part) for part in SUMMED]
    differences: list[Value] = []
    for position, (left, right) in enumerate(zip(of_people, of_lines, strict=True), start=3):
        letter = xl_col_to_name(position)
        text = f"=ROUND({letter}{first_line}-{letter}{first_line + 1},2)"
        differences.append(Formula(text, left.value - right.value))
    counted = Formula(f"=COUNTA({people.cells('agent_id')})", Decimal(len(pay.people)))
    with_lines = Formula(
        f"=SUMPRODUCT(--({people.cells('line_count')}>0))",
        Decimal(len({line.agent_id for line in pay.lines})),
    )
    name = str(said("said", "all"))
    return [
        [name, str(said("said", "all_people")), counted, *of_people, None],
        [name, str(said("said", "all_lines")), with_lines, *of_lines, None],
        [name, str(said("said", "difference")), None, *differences, None],
    ]


def _of_lines(sheet: Sheet, lines: Sequence[Line], part: str, condition: str = "") -> Formula:
    """What a part of pay comes to in the sheet of lines: in those of `lines`, which a condition picks."""
    adjusts = f"(LEN({sheet.cells('adjusts_bonus_line_id')})>0)"
    conditions = [condition] if condition else []
    if part == "adjustment":
        conditions.append(f"--{adjusts}")
    elif part != "total":
        conditions += [f'--EXACT({sheet.cells("pay_kind_code")},"{part}")', f"1-{adjusts}"]
    amount = sum((line.amount_cny for line in lines if _is_of(line, part)), Decimal(0))
    return Formula(f"=ROUND(SUMPRODUCT({','.join([*conditions, sheet.cells('amount_cny')])}),2)", amount)


def _is_of(line: Line, part: str) -> bool:
    if part == "total":
        return True
    return line.is_adjustment if part == "adjustment" else line.pay_kind == part and not line.is_adjustment


def _sum_of(sheet: Sheet, name: str, numbers: Sequence[int] | range) -> Decimal:
    """What cells of a column come to."""
    position = [column.name for column in sheet.columns].index(name)
    return sum((number_of(sheet.rows[number][position]) for number in numbers), Decimal(0))


# ---- adjustments


def _adjustments(pay: PeriodPay, titles: Mapping[str, str]) -> Sheet:
    shown = [
        *(_column(name) for name in ("agent_id", "agent_name", "adjusted_period", "item")),
        _column("settled_amount", "money"),
        _money("adjusting_amount"),
        _column("clause"),
    ]
    codes = ("bonus_line_id", "adjusts_bonus_line_id", "component_id", "scheme_id")
    rows: list[list[Value]] = [
        [
            line.agent_id,
            line.agent_name,
            line.adjusted_period_id,
            str(line.label),
            line.settled_cny,
            line.amount_cny,
            clause_words(line.clause_id, titles),
            *(line.bonus_line_id, line.adjusts_bonus_line_id, line.component_id, line.scheme_id),
        ]
        for line in pay.lines
        if line.is_adjustment
    ]
    columns = [*shown, *(_column(name, "code") for name in codes)]
    return Sheet(said("sheets", "adjustments"), columns, rows, len(shown), said("said", "total"))
