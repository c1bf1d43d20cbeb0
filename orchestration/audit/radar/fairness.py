"""Grade shares of groups of people, each with its exact interval."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestration.audit.beside import text_beside
from orchestration.audit.node import Phrase
from orchestration.audit.radar.words import WORDS, said
from orchestration.audit.relations import AuditFile, Row

CONFIDENCE = 0.95
LEAST_PEOPLE = 5
"""Fewer are too few to say anything of, and would be recognised."""
MONTHS_OF_A_YEAR = 12
TENURE_YEARS = (1, 3)
"""Full years of service from which somebody is no longer new, and long there."""


@dataclass(frozen=True)
class Share:
    """The people of a group with a grade: `count` of `total`, the ends of the exact interval of their share,
    and those of the others of the plan. Of fewer than LEAST_PEOPLE nothing is said, in it or beside it, nor
    of a group from which, with the rest, theirs could be reckoned.
    """

    scheme_id: str
    grouping: Phrase
    group: Phrase
    grade: str
    total: int
    count: int | None = None
    low: float | None = None
    high: float | None = None
    others_low: float | None = None
    others_high: float | None = None

    @property
    def differs(self) -> bool:
        """Whether the intervals of the group and of the others do not overlap."""
        if self.low is None or self.high is None or self.others_low is None or self.others_high is None:
            return False
        return self.high < self.others_low or self.others_high < self.low


def exact_interval(count: int, total: int) -> tuple[float, float]:
    """The Clopper-Pearson interval of a share, `count` of `total` > 0: both ends 0 to 1, to six digits."""
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(confidence_level=CONFIDENCE, method="exact")
    return round(float(interval.low), 6), round(float(interval.high), 6)


def grade_shares(audit: AuditFile, period_id: str) -> tuple[Share, ...]:
    """The grade shares of every group of every plan that grades the period, by plan, grouping and group."""
    rows = audit.query(text_beside(__file__, "sql/graded.sql"), {"period": period_id})
    by_plan: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_plan[row["scheme_id"]].append(row)
    return tuple(
        share for scheme_id, people in by_plan.items() for share in shares_of_plan(scheme_id, people)
    )


def shares_of_plan(scheme_id: str, people: Sequence[Row]) -> Iterator[Share]:
    """The grade shares of every group of the people of one plan."""
    grades = sorted({str(row["grade"]) for row in people})
    whole = Counter(str(row["grade"]) for row in people)
    for grouping in ("shift", "queue", "tenure", "employment"):
        members: dict[Phrase, list[str]] = defaultdict(list)
        for row in people:
            members[_group(grouping, row)].append(str(row["grade"]))
        hidden = _hidden(members)
        for group in sorted(members, key=lambda one: one.en):
            own, total = Counter(members[group]), len(members[group])
            others = len(people) - total
            for grade in grades:
                share = Share(scheme_id, said(grouping), group, grade, total)
                if group in hidden:
                    yield share
                    break
                low, high = exact_interval(own[grade], total)
                share = replace(share, count=own[grade], low=low, high=high)
                if others >= LEAST_PEOPLE:
                    others_low, others_high = exact_interval(whole[grade] - own[grade], others)
                    share = replace(share, others_low=others_low, others_high=others_high)
                yield share


def _hidden(members: Mapping[Phrase, Sequence[str]]) -> set[Phrase]:
    """The groups of which nothing is shown: the smallest, until nobody or LEAST_PEOPLE are hidden."""
    hidden: set[Phrase] = set()
    count = 0
    for group in sorted(members, key=lambda one: (len(members[one]), one.en)):
        if len(members[group]) < LEAST_PEOPLE or 0 < count < LEAST_PEOPLE:
            hidden.add(group)
            count += len(members[group])
    return hidden


def _group(grouping: str, row: Row) -> Phrase:
    if grouping == "queue":
        return queue(row)
    if grouping == "employment":
        return word(row["employment"])
    if grouping == "shift":
        if not row["day_count"]:
            return said("unknown")
        return said("night" if row["night_count"] * 2 >= row["day_count"] else "day")
    if row["tenure_months"] is None:
        return said("unknown")
    first, second = TENURE_YEARS
    years = row["tenure_months"] // MONTHS_OF_A_YEAR
    name = "tenure_new" if years < first else "tenure_settled" if years < second else "tenure_long"
    return said(name, first=first, second=second)


def queue(row: Row | Mapping[str, str]) -> Phrase:
    """A queue: the role and the group of customers."""
    role, customers = word(row["role"]), word(row["customer_group"])
    return Phrase(f"{role.en}, {customers.en}", f"{role.zh}，{customers.zh}")


def word(code: str) -> Phrase:
    """A code of the roster in both languages; one of a site's own as it is."""
    return said(code) if code in WORDS else Phrase(code, code) if code else said("unknown")
