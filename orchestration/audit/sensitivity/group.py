"""The agents ranked together: which grade a total gives, and who else moves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from operator import itemgetter

from orchestration.audit.calculation.evaluate import Evaluator
from orchestration.audit.calculation.graph import Graph
from orchestration.audit.sensitivity.scores import below

LEAST_POINT = Fraction(1, 10_000)
"""Total scores have four decimals."""


@dataclass(frozen=True)
class Edges:
    """The lowest total that is graded better, and the highest that is graded worse; None where none is."""

    better: Fraction | None
    worse: Fraction | None


class Group:
    """Members by agent and their published totals; `grades` and `ranks` are the numbers of each agent,
    `bands` the place of each grade, the best first, `begins` where bands of scores begin.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        scores: Mapping[str, str],
        grades: Mapping[str, str],
        positions: Mapping[str, str],
        bands: Mapping[str, int],
        begins: Sequence[Fraction],
    ) -> None:
        self._scores, self._grades, self._positions, self._bands = scores, grades, positions, bands
        self._graph = below(graph, [*grades.values(), *positions.values()], leaves=frozenset(scores.values()))
        self._whole = Evaluator(self._graph)
        self._spines: dict[str, frozenset[str]] = {}
        self.totals = {agent: self._whole.shown(key) or Fraction(0) for agent, key in scores.items()}
        self._now = {agent: self._whole.result(key).word for agent, key in grades.items()}
        self._standing = sorted((total, agent) for agent, total in self.totals.items())
        self._begin = sorted({*self.totals.values(), *begins})
        self._short = [one - LEAST_POINT for one in reversed(self._begin)]

    def __contains__(self, agent_id: str) -> bool:
        return agent_id in self._scores

    def grade(self, agent_id: str, totals: Mapping[str, Fraction]) -> str | None:
        """The grade of an agent when these members have other totals. Raises CannotEvaluate."""
        return self._trial([agent_id], totals).result(self._grades[agent_id]).word

    def rank(self, agent_id: str, totals: Mapping[str, Fraction]) -> int | None:
        """The rank of an agent when these members have other totals. Raises CannotEvaluate."""
        parts = self._graph.of(self._positions[agent_id])
        key = next((one.node_key for one in parts if one.operand == "rank"), None)
        number = self._trial([agent_id], totals).result(key).number if key else None
        return None if number is None else int(number)

    def way(self, agent_id: str, grade: str | None) -> int:
        """Above 0 for a better grade than now, below 0 for a worse one."""
        now = self._bands.get(self._now[agent_id] or "", 0)
        return now - self._bands.get(grade or "", now)

    def edges(self, agent_id: str) -> Edges:
        """Where another grade begins for an agent, the others as they are."""

        def gives(way: int) -> Callable[[Fraction], bool]:
            return lambda total: way * self.way(agent_id, self.grade(agent_id, {agent_id: total})) > 0

        begin, short = self._begin, self._short
        up = bisect_left(begin, True, key=gives(1))
        down = bisect_left(short, True, key=gives(-1))
        return Edges(begin[up] if up < len(begin) else None, short[down] if down < len(short) else None)

    def others_moved(self, agent_id: str, totals: Mapping[str, Fraction]) -> int:
        """How many other members get another grade. Raises CannotEvaluate.

        Only those between a total and what it becomes may. They stay in order among themselves, so of those
        of one grade the lowest get a worse one, or the highest a better one: where these begin is narrowed.
        """
        places: set[int] = set()
        for one, total in totals.items():
            low, high = sorted((self.totals[one], total))
            first = bisect_left(self._standing, low, key=itemgetter(0))
            places.update(range(first, bisect_right(self._standing, high, key=itemgetter(0))))
        between = [self._standing[place][1] for place in sorted(places)]
        trial = self._trial([*between, *totals], totals)

        def way(one: str) -> int:
            return self.way(one, trial.result(self._grades[one]).word)

        moved = sum(one != agent_id and way(one) != 0 for one in totals)
        for _, run in groupby((one for one in between if one not in totals), key=self._now.get):
            alike = list(run)
            worse = bisect_left(alike, True, key=lambda one: way(one) >= 0)
            moved += worse + len(alike) - bisect_left(alike, True, lo=worse, key=lambda one: way(one) > 0)
        return moved

    def _trial(self, agents: Iterable[str], totals: Mapping[str, Fraction]) -> Evaluator:
        """An evaluator of the grades and ranks of these agents. It costs no more in a large group: the order
        of the members is taken from the whole, and those with other totals are put elsewhere in it.
        """
        changed = {self._scores[one]: total for one, total in totals.items()}
        return self._whole.having(changed, anew=frozenset().union(*map(self._spine, agents)))

    def _spine(self, agent_id: str) -> frozenset[str]:
        """The numbers that an agent's grade and rank are made of, but for the members ranked."""
        if agent_id not in self._spines:
            found: set[str] = set()
            waiting = [self._grades[agent_id], self._positions[agent_id]]
            while waiting:
                key = waiting.pop()
                parts = self._graph.of(key)
                if key not in found and parts:
                    found.add(key)
                    if parts[0].operand != "member":
                        waiting += [one.node_key for one in parts]
            self._spines[agent_id] = frozenset(found)
        return self._spines[agent_id]
