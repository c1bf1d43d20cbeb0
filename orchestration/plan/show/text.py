"""A plan on a terminal or in a log: money first, then whom it moves, then the lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from orchestration.plan.result import AgentChange, Group, Money, Plan, PlannedLine
from orchestration.plan.show.labels import WORDS, and_more, notes_of, said_cause
from orchestration.text import money

SHOWN_LINES, SHOWN_AGENTS, SHOWN_ROWS, SHOWN_NUMBERS = 20, 5, 10, 3
KINDS = ("period", "plan", "team", "grade")
NAME_WIDTH, MONEY_WIDTH = 34, 16


def plan_text(plan: Plan) -> str:
    """The plan as text; of many lines those that move most, the rest is counted."""
    return "\n".join(_text(plan)) + "\n"


def _text(plan: Plan) -> Iterator[str]:
    yield f"{plan.publication} under another policy ({plan.policy_hash[:12]}…), business date {plan.as_of}"
    yield f"  periods {', '.join(plan.periods)}"
    yield from (f"  note: {note.en}" for note in notes_of(plan))
    yield from _rows_changed(plan)
    if plan.is_same:
        yield WORDS["same"].en
    yield ""
    yield _head("yuan")
    yield _row(WORDS["open"].en, plan.money)
    if plan.corrections != Money():
        yield _row(f"  {WORDS['corrections'].en}", plan.corrections)
    for kind in KINDS:
        yield ""
        yield _head(WORDS[f"by_{kind}"].en)
        yield from (_row(f"  {_name(group)}", group.money) for group in plan.of(kind))
    yield ""
    yield (
        f"{len(plan.agents):,} agents: {len(plan.winners):,} {WORDS['winners'].en}, "
        f"{len(plan.losers):,} {WORDS['losers'].en}, {plan.unchanged_count:,} {WORDS['unchanged'].en}"
    )
    if plan.distribution:
        yield "  " + ", ".join(f"{place} %: {signed(value)}" for place, value in plan.distribution)
    yield from _agents(WORDS["gains"].en, plan.winners)
    yield from _agents(WORDS["losses"].en, plan.losers)
    if plan.grades:
        yield WORDS["grades"].en
        yield from (
            f"  {one.before or WORDS['none'].en} → {one.after or WORDS['none'].en}: {one.bonus_count:,}"
            for one in plan.grades
        )
    yield from _settled(plan)
    yield from _lines(plan)


def _rows_changed(plan: Plan) -> Iterator[str]:
    yield f"  {WORDS['rows_changed'].en}: {len(plan.rows_changed):,}"
    yield from (f"    {one}" for one in plan.rows_changed[:SHOWN_ROWS])
    if len(plan.rows_changed) > SHOWN_ROWS:
        yield f"    {and_more(len(plan.rows_changed) - SHOWN_ROWS).en}"


def _head(name: str) -> str:
    columns = "".join(f"{WORDS[one].en:>{MONEY_WIDTH}}" for one in ("before", "after", "difference"))
    return f"{name:<{NAME_WIDTH}}{columns}"


def _row(name: str, of: Money) -> str:
    columns = (money(of.before), money(of.after), signed(of.difference))
    return f"{name:<{NAME_WIDTH}}" + "".join(f"{one:>{MONEY_WIDTH}}" for one in columns)


def _name(group: Group) -> str:
    return group.id or WORDS["none"].en


def signed(value: Decimal) -> str:
    """`+12.00`, `−12.00`, `0.00`."""
    return f"+{money(value)}" if value > 0 else money(value)


def _agents(title: str, agents: Sequence[AgentChange]) -> Iterator[str]:
    if agents:
        yield title
    for one in agents[:SHOWN_AGENTS]:
        yield _row(f"  {one.agent_id}", one.money)


def _settled(plan: Plan) -> Iterator[str]:
    if not plan.settled:
        return
    yield ""
    yield WORDS["settled"].en
    for one in plan.settled:
        yield (
            f"  {one.period_id}: paid {money(one.paid)}; would have been {money(one.computed.after)} instead "
            f"of {money(one.computed.before)} ({signed(one.computed.difference)}), {one.line_count:,} lines"
        )


def _lines(plan: Plan) -> Iterator[str]:
    yield ""
    yield f"{len(plan.lines):,} lines change"
    for line in by_size(plan.lines)[:SHOWN_LINES]:
        yield (
            f"{line.agent_id} {line.period_id} {line.label_en}: {_amount(line.before)} → "
            f"{_amount(line.after)} ({signed(line.difference)})"
        )
        if line.what and not line.numbers:
            yield f"    {', '.join(line.what)}"
        yield from (f"    {number}" for number in line.numbers[:SHOWN_NUMBERS])
        yield from (f"    because of {said_cause(cause, is_both=False)}" for cause in line.causes)
        if not line.causes:
            yield f"    {WORDS['unexplained'].en.upper()}"
    if len(plan.lines) > SHOWN_LINES:
        yield f"{and_more(len(plan.lines) - SHOWN_LINES).en}: --format json, html or xlsx has them"


def by_size(lines: Sequence[PlannedLine]) -> list[PlannedLine]:
    """Lines by how much they move, the most first."""
    return sorted(lines, key=lambda one: (-abs(one.difference), one.bonus_line_id))


def _amount(value: Decimal | None) -> str:
    return "–" if value is None else money(value)
