"""Whether the grades of a plan are the same ones wherever it names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from orchestration.policy.rows import PolicyFault, PolicyRow, Tables, boundary_days
from orchestration.policy.words import Lists, remedy

GRADE_TABLES = ("grade_band", "grade_consequence")
OF_AGENTS = ("forced", "absolute")
OF_TEAMS = "team"

Grades = Mapping[str, PolicyRow]
"""Grades, each with a row of its band."""


def grades_on(tables: Tables, day: date) -> Mapping[tuple[str, ...], Grades]:
    """The grades of agents in force on a day, by plan and kind of period."""
    found: dict[tuple[str, ...], dict[str, PolicyRow]] = defaultdict(dict)
    for band in tables["grade_band"].in_force(day):
        if band.text("method") in OF_AGENTS:
            found[band.text("scheme_id"), band.text("period_kind")][band.text("grade")] = band
    return found


def grade_faults(tables: Tables, _: Lists) -> Iterator[PolicyFault]:
    """Grades that only one way of grading knows, and consequences of grades that there are not."""
    bands, consequences = tables["grade_band"], tables["grade_consequence"]
    for day in boundary_days([bands, consequences]):
        found: dict[tuple[str, str, str], dict[str, PolicyRow]] = defaultdict(dict)
        of_plan: dict[str, set[str]] = defaultdict(set)
        for row in bands.in_force(day):
            plan, kind, method = row.text("scheme_id"), row.text("period_kind"), row.text("method")
            found[plan, kind, method][row.text("grade")] = row
            if method in OF_AGENTS:
                of_plan[plan].add(row.text("grade"))
        for (plan, kind, method), grades in found.items():
            other = of_plan[plan] if method == OF_TEAMS else set()
            if method in OF_AGENTS:
                other = set(found.get((plan, kind, "absolute" if method == "forced" else "forced"), ()))
            for grade, row in grades.items():
                if not grade or (other and grade not in other):
                    yield row.fault(
                        f"grade {grade!r} is none of the plan's other bands ({plan} {kind})",
                        remedy(grade, other),
                    )
        for row in consequences.in_force(day):
            plan, kind = row.text("scheme_id"), row.text("graded_period_kind")
            methods = (OF_TEAMS,) if row.text("subject") == "team" else OF_AGENTS
            known = {grade for method in methods for grade in found.get((plan, kind, method), ())}
            if row.text("grade") not in known:
                yield row.fault(
                    f"grade is {row.text('grade')!r}, which {plan} does not give for a {kind}",
                    remedy(row.text("grade"), known),
                )
