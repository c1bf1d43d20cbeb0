"""A plan as a workbook: a sheet of totals, of agents, of lines, of settled periods, of policy rows.

Texts are written as texts; the same plan gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import xlsxwriter

from orchestration.errors import ConfigurationError
from orchestration.plan.result import Money, Plan
from orchestration.plan.show.labels import SHEETS, WORDS, notes_of, said_cause

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A fixed creation time, so that a workbook's bytes depend on the plan alone."""
MOST_ROWS = 1_048_575
"""Rows that a sheet holds beside its head."""
MOST_LETTERS = 32_767
"""Letters that a cell holds."""
MONEY_FORMAT = "#,##0.00"

Row = Sequence[object]
MONEY = ("before", "after", "difference")


def plan_workbook(plan: Plan) -> bytes:
    """The workbook as bytes. Raises ConfigurationError where a sheet would have more rows than one holds."""
    sheets = [(title, head, list(rows)) for title, head, rows in _sheets(plan)]
    for title, _, rows in sheets:
        if len(rows) > MOST_ROWS:
            raise ConfigurationError(
                path="--format xlsx",
                problem=f"sheet {SHEETS[title].en} would have {len(rows):,} rows and holds {MOST_ROWS:,}",
                remedy="Ask for fewer periods with --from and --to, or take --format json",
            )
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"created": CREATED, "title": WORDS["title"].en})
        for title, head, rows in sheets:
            _write(book, title, head, rows)
    return target.getvalue()


def _sheets(plan: Plan) -> Iterator[tuple[str, Sequence[str], Iterable[Row]]]:
    yield "summary", ("summary", "name", *MONEY, "bonuses"), _summary(plan)
    yield (
        "agents",
        ("agent", "name", *MONEY),
        ((one.agent_id, one.agent_name, *_of(one.money)) for one in plan.agents),
    )
    yield (
        "lines",
        (
            "agent",
            "period",
            "plan",
            "line",
            "before",
            "after",
            "difference",
            "numbers",
            "cause",
            "corrects",
            "line_id",
        ),
        (
            (
                line.agent_id,
                line.period_id,
                line.scheme_id,
                f"{line.label_en} {line.label_zh}" if line.label_en != line.label_zh else line.label_en,
                line.before,
                line.after,
                line.difference,
                "\n".join(map(str, line.numbers)) or ", ".join(line.what),
                "\n".join(map(said_cause, line.causes)) or str(WORDS["unexplained"]),
                line.corrects,
                line.bonus_line_id,
            )
            for line in plan.lines
        ),
    )
    yield (
        "settled",
        ("period", "paid", "would_before", "would_after", "difference", "lines_differ"),
        ((one.period_id, one.paid, *_of(one.computed), one.line_count) for one in plan.settled),
    )
    yield "rows_changed", ("rows_changed",), ((one,) for one in plan.rows_changed)


def _summary(plan: Plan) -> Iterator[Row]:
    yield (str(WORDS["publication"]), plan.publication)
    yield (str(WORDS["as_of"]), plan.as_of)
    yield (str(WORDS["policy"]), plan.policy_hash)
    for note in notes_of(plan):
        yield (str(WORDS["note"]), str(note))
    yield (str(WORDS["open"]), "", *_of(plan.money))
    yield (str(WORDS["corrections"]), "", *_of(plan.corrections))
    for kind in ("period", "plan", "team", "grade"):
        yield (str(WORDS[f"by_{kind}"]),)
        for group in plan.of(kind):
            names = dict.fromkeys((group.name_en, group.name_zh))
            yield (
                group.id or str(WORDS["none"]),
                " ".join(name for name in names if name),
                *_of(group.money),
                group.bonus_count,
            )
    yield (str(WORDS["agents"]),)
    for word, count in (
        ("winners", len(plan.winners)),
        ("losers", len(plan.losers)),
        ("unchanged", plan.unchanged_count),
    ):
        yield (str(WORDS[word]), "", None, None, None, count)
    yield (str(WORDS["distribution"]),)
    for place, value in plan.distribution:
        yield (f"{place} %", "", None, None, value)
    if plan.grades:
        yield (str(WORDS["grades"]),)
    for one in plan.grades:
        grades = (grade or str(WORDS["none"]) for grade in (one.before, one.after))
        yield (" → ".join(grades), "", None, None, None, one.bonus_count)
    if plan.settled:
        yield (str(WORDS["settled"]), str(WORDS["settled_note"]))


def _of(money: Money) -> tuple[Decimal, Decimal, Decimal]:
    return money.before, money.after, money.difference


def _fitting(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def _write(book: xlsxwriter.Workbook, name: str, head: Sequence[str], rows: Iterable[Row]) -> None:
    sheet = book.add_worksheet(f"{SHEETS[name].en} {SHEETS[name].zh}")
    bold = book.add_format({"bold": True, "bg_color": "#DDE6F0"})
    yuan = book.add_format({"num_format": MONEY_FORMAT})
    for position, word in enumerate(head):
        sheet.write_string(0, position, str(WORDS[word]), bold)
        sheet.set_column(position, position, 44 if word in ("numbers", "cause", "rows_changed") else 22)
    for line, row in enumerate(rows, start=1):
        for position, value in enumerate(row):
            if isinstance(value, Decimal):
                sheet.write_number(line, position, float(value), yuan)
            elif isinstance(value, int):
                sheet.write_number(line, position, value)
            elif value is not None:
                sheet.write_string(line, position, _fitting(str(value)))
    sheet.freeze_panes(1, 0)
