"""`why`: per number the smallest change that would have given a better grade or more pay, all else held; and
who stands next to the agent where an award goes by rank.

Exact by evaluation: a value is named only if the published calculation, evaluated with it, comes out better,
and one step short of it does not. What is published of others stays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from orchestration.audit.below import read_below
from orchestration.audit.calculation.evaluate import CannotEvaluate, Evaluator, decimal_of
from orchestration.audit.levers import Goal, Lever, levers
from orchestration.audit.lookup import require_agent_and_period
from orchestration.audit.relations import AuditFile, AuditFileUnreadable, Row
from orchestration.audit.standing import RANKING, standings
from orchestration.errors import ConfigurationError


@dataclass(frozen=True)
class Why:
    """A grade, the next better one, the total it takes, and what would have given it; the bonus (`amount`,
    CNY) and what would have raised it; the awards that the agent is in the running for.

    `next_grade` is None at the top; `needed_total` is the lowest total score, given the others' totals, that
    ranks (or scores) into a better grade.
    """

    agent_id: str
    period_id: str
    scheme_id: str
    grade: str | None = None
    rank: int | None = None
    cohort_size: int = 0
    method: str | None = None
    total: Decimal | None = None
    next_grade: str | None = None
    needed_total: Decimal | None = None
    levers: tuple[Lever, ...] = ()
    note: str = "the plan does not grade this period"
    amount: Decimal | None = None
    pay_levers: tuple[Lever, ...] = ()
    awards: tuple[str, ...] = ()


def explain(folder: Path, *, agent_id: str, period_id: str) -> Why:
    """What would have changed the grade and the pay of an agent and period of the publication in `folder`.

    Raises ConfigurationError, with near names, for an unknown agent or period, and where there is neither a
    grade nor a bonus nor an award to be in the running for.
    """
    with AuditFile(folder) as audit:
        require_agent_and_period(audit, agent_id=agent_id, period_id=period_id)
        try:
            found = _Question(audit, agent_id, period_id).answer()
        except CannotEvaluate as error:
            raise AuditFileUnreadable(
                path=audit.path,
                problem=f"the published calculation cannot be worked out ({error})",
                remedy="Run meritline verify, which names what was changed",
            ) from error
    if found.grade is None and found.amount is None and not found.awards:
        raise ConfigurationError(
            problem=f"{agent_id} has nothing to ask about for {period_id}: no grade, no bonus, no award",
            remedy="Name a period that the agent's plan grades or pays",
        )
    return found


class _Question:
    def __init__(self, audit: AuditFile, agent_id: str, period_id: str) -> None:
        self._audit, self._who = audit, {"agent_id": agent_id, "period_id": period_id}
        subject = {"subject": "agent", "subject_id": agent_id, "period_id": period_id}
        self._ranked = audit.select(RANKING, subject, order=["component_id"])
        self._score, self._grade = f"score:{agent_id}:{period_id}", f"grade:{agent_id}:{period_id}"
        self._bonus = f"bonus:{period_id}:{agent_id}"
        ranks = [f"award_rank:{period_id}:{row['component_id']}:{agent_id}" for row in self._ranked]
        self._graph = read_below(audit, [self._grade, self._bonus, *ranks], with_members=True)
        self._base = Evaluator(self._graph)

    def answer(self) -> Why:
        grade, score, due = (
            next(iter(self._audit.select(name, self._who)), None)
            for name in ("grade.grade", "score.score", "bonus.bonus_due")
        )
        has_bonus = self._bonus in self._graph.numbers
        found = Why(
            agent_id=self._who["agent_id"],
            period_id=self._who["period_id"],
            scheme_id=next((row["scheme_id"] for row in (grade, score, due) if row), ""),
            total=score["total_score"] if score else None,
            amount=decimal_of(self._base.shown(self._bonus)) if has_bonus else None,
            pay_levers=self._pay() if has_bonus else (),
            awards=standings(self._audit, self._ranked, self._graph),
        )
        return self._graded(found, grade, score["status"]) if grade and score else found

    def _pay(self) -> tuple[Lever, ...]:
        """What alone raises the bonus, or lets pay what a limit keeps from it."""
        goals = [Goal(self._bonus, self._is_more(self._bonus), self._bonus)]
        for unpaid in self._graph.of(self._bonus):
            for one in self._graph.of(unpaid.node_key) if unpaid.operand == "unpaid" else ():
                if self._graph.numbers[one.node_key].operation == "choice":
                    label = self._graph.numbers[unpaid.node_key].label
                    goals.append(
                        Goal(one.node_key, self._is_more(one.node_key), None, note=f"lets pay: {label}")
                    )
        return tuple(one for goal in goals for one in self._levers(goal) if one.needed is not None)

    def _graded(self, found: Why, grade: Row, status: str) -> Why:
        """`found` with the grade, the next better one, and what takes it."""
        place = {name: grade[name] for name in ("grade", "rank", "cohort_size", "method")}
        found = replace(found, **place, note="")
        if found.grade is None:
            return replace(found, note=f"no grade: {status}; nothing can be said before there is a score")
        bands = {name: grade[name] for name in ("period_id", "scheme_id", "method")}
        rows = self._audit.select("policy.policy_grade_band", bands)
        places: dict[str | None, int] = {row["grade"]: row["band_no"] for row in rows}
        own = places[found.grade]
        if own == min(places.values()):
            return replace(found, note="the best grade there is")

        def is_better(trial: Evaluator) -> bool:
            return places.get(trial.result(self._grade).word, own) < own

        # The lowest better total is someone's (a tie shares the rank) or where a band begins.
        members = [self._base.shown(one.node_key) for one in self._graph.of(f"cohort:{grade['cohort_id']}")]
        begins = [Fraction(row["min_score"]) for row in rows if row["min_score"] is not None]
        totals = sorted({one for one in (*members, *begins) if one is not None})
        trials = [self._base.having({self._score: total}) for total in totals]
        reached = bisect_left(trials, True, key=is_better)
        if reached == len(trials):
            return replace(found, note="no total score reaches a better grade in this group")
        return replace(
            found,
            next_grade=trials[reached].result(self._grade).word,
            needed_total=decimal_of(totals[reached]),
            levers=self._levers(Goal(self._grade, is_better, self._score)),
        )

    def _is_more(self, key: str) -> Callable[[Evaluator], bool]:
        now = self._base.shown(key) or Fraction(0)
        return lambda trial: (trial.shown(key) or now) > now

    def _levers(self, goal: Goal) -> tuple[Lever, ...]:
        return levers(self._graph, self._base, goal, period_id=self._who["period_id"])
