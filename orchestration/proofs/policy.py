"""The proof of a whole policy: every plan on every day on which anything of it changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.policy.check import policy_tables
from orchestration.policy.folder import known_words
from orchestration.policy.rows import Tables, boundary_days
from orchestration.policy.site import SHIPPED, Site
from orchestration.proofs.finding import Finding, Jump
from orchestration.proofs.function import CNY
from orchestration.proofs.pay import all_of_score, functions_of
from orchestration.proofs.plan import NAMES, PlanRows
from orchestration.proofs.prove import faults_of, jump_of
from orchestration.proofs.reach import (
    SmallestGroup,
    missing_keys,
    never_ranked,
    shut_gates,
    smallest_groups,
    unmeetable,
)
from orchestration.proofs.scores import FORCED, curve, grades, greatest_totals

ROSTER = "workforce.agent."


@dataclass(frozen=True)
class PolicyProof:
    """What was proved: findings in order, and of each plan as it last stood the number of functions, the
    largest jumps by measure and the smallest groups.
    """

    findings: tuple[Finding, ...]
    functions: Mapping[str, int]
    jumps: Mapping[str, tuple[Jump, ...]]
    groups: Mapping[str, tuple[SmallestGroup, ...]]

    @property
    def largest(self) -> Jump | None:
        """The largest jump in money of any plan."""
        found = [jump for jumps in self.jumps.values() for jump in jumps if jump.function.unit == CNY]
        return max(found, key=lambda jump: jump.amount, default=None)


def prove_folder(folder: Path, *, site: Site = SHIPPED) -> PolicyProof:
    """The proof of the policy of a folder; of the site's own what it does not replace is as shipped."""
    return prove(policy_tables(folder, site=site)[0], roster_keys())


def roster_keys() -> Mapping[str, frozenset[str]]:
    """The closed lists of the roster's columns."""
    lists = known_words().contract
    return {name.removeprefix(ROSTER): words for name, words in lists.items() if name.startswith(ROSTER)}


def prove(tables: Tables, keys: Mapping[str, frozenset[str]]) -> PolicyProof:
    """The proof of a policy. A finding that stands on several days is told once, from the first."""
    findings: dict[Finding, Finding] = {}
    functions: dict[str, int] = {}
    jumps: dict[str, tuple[Jump, ...]] = {}
    groups: dict[str, tuple[SmallestGroup, ...]] = {}
    for day in (days := boundary_days(tables[name] for name in NAMES)):
        rows = PlanRows(tables, day, keys)
        proved = _Day(rows)
        for one in proved.findings():
            findings.setdefault(one, one if day == days[0] else replace(one, from_on=day))
        functions |= Counter(function.place.scheme_id for function in proved.functions)
        for scheme in dict.fromkeys(function.place.scheme_id for function in proved.functions):
            jumps[scheme] = tuple(proved.jumps(scheme))
            groups[scheme] = tuple(one for one in proved.groups if one.place.scheme_id == scheme)
    ordered = sorted(findings.values(), key=lambda one: (str(one.place), one.kind, one.en, one.lines))
    return PolicyProof(tuple(ordered), functions, jumps, groups)


class _Day:
    """The functions of all plans on one day."""

    def __init__(self, rows: PlanRows) -> None:
        self._rows = rows
        curves = [one for row in rows.all("score_kpi") if (one := curve(rows, row)) is not None]
        totals = greatest_totals(rows, curves)
        self._graded = list(grades(rows, totals))
        self._paid = list(functions_of(rows, totals))
        self.functions = [*curves, *self._graded, *self._paid]
        self._moving = [*self._paid, *all_of_score(rows, self._paid)]
        self._forced = [one for one in self._graded if one.place.name.endswith(FORCED)]
        self.groups = [group for one in self._forced for group in smallest_groups(rows, one)]

    def findings(self) -> Iterator[Finding]:
        """Everything wrong with any of them."""
        for function in self.functions:
            yield from faults_of(function)
        for graded in self._forced:
            yield from never_ranked(self._rows, graded)
        for check in (missing_keys, shut_gates, unmeetable):
            yield from check(self._rows)

    def jumps(self, scheme: str) -> Iterator[Jump]:
        """The largest jumps of a plan: one for each measure and what it gives."""
        found: dict[tuple[str, str], Jump] = {}
        for function in self._moving:
            jump = jump_of(function) if function.place.scheme_id == scheme else None
            kind = function.measure.name, function.unit
            if jump is not None and (kind not in found or jump.amount > found[kind].amount):
                found[kind] = jump
        yield from (found[kind] for kind in sorted(found))
