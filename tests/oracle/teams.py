"""The places of teams in awards of teams (CG-15, S-AWARD), which are no one's bonus line."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import NamedTuple

from .instants import previous
from .pay import Pay
from .policy import Row
from .scores import kind_of

WORST = Fraction(-(10**18))


class Place(NamedTuple):
    """Among whom a team is ranked (a department, or '' = all of the plan), its rank, and what that earns."""

    within: str
    rank: int
    amount: str | None


class TeamAwards:
    """The places of all teams that are ranked, by period, component and team."""

    def __init__(self, pay: Pay) -> None:
        self._pay = pay
        self._groups = pay.scores.observed_groups
        self._departments = {team.team_id: team.department for team in pay.scores.observer.exports.teams()}
        self.places: dict[tuple[str, str, str], Place] = {}
        for period in pay.scores.observer.periods():
            for component in pay.policy.in_force("component", period):
                is_of_teams = pay.parameter(period, component, "subject") == "team"
                if component["period_kind"] == kind_of(period) and is_of_teams:
                    self._rank(period, component)

    def _rank(self, period: str, component: Row) -> None:
        is_within = self._pay.parameter(period, component, "scope") == "department"
        groups: dict[str, list[tuple[tuple[Fraction, ...], str]]] = defaultdict(list)
        for team in {one.job.team_id for one in self._pay.awardable(period, component).values()} - {""}:
            # R63: in its own department, and in none if that is not known.
            within = self._departments.get(team, "") if is_within else ""
            order = self._order(period, component, team)
            if order is not None and (within or not is_within):
                groups[within].append((tuple(-part for part in order), team))
        for within, teams in groups.items():
            for rank, (_, team) in enumerate(sorted(teams), start=1):
                row = self._pay.rate(period, component, "", Fraction(rank))
                key = period, component["component_id"], team
                self.places[key] = Place(within, rank, None if row is None else row["amount_cny"])

    def _order(self, period: str, component: Row, team: str) -> tuple[Fraction, ...] | None:
        """What a team is ranked by, the most first; None if it is not."""
        smallest = int(Fraction(self._pay.parameter(period, component, "min_sample") or "0"))
        now = self._value(period, team, component["basis"])
        if now is None or now[1] < smallest:
            return None
        up = self._pay.up(period, component["basis"])
        ties = [
            WORST if value is None else value[0] * self._pay.up(period, measure)
            for number in (1, 2)
            if (measure := self._pay.parameter(period, component, f"tie_break_{number}"))
            for value in [self._value(period, team, measure)]
        ]
        if component["mechanism"] == "top_n":
            return (now[0] * up, *ties)
        before = self._value(previous(period), team, component["basis"])
        if before is None or before[1] < smallest or not self._held(period, component, team):
            return None
        gain = (now[0] - before[0]) * up
        if self._pay.parameter(period, component, "gain") == "relative":
            if before[0] <= 0:
                return None
            gain /= before[0]
        return (gain, *ties, Fraction(now[1])) if gain > 0 else None

    def _held(self, period: str, component: Row, team: str) -> bool:
        """Whether a member held the plan on the last day in service of the period before."""
        return any(
            found == previous(period)
            and segment.job.team_id == team
            and segment.job.scheme_id == component["scheme_id"]
            for (found, _), segment in self._pay.scores.last_segment.items()
        )

    def _value(self, period: str, team: str, measure: str) -> tuple[Fraction, int] | None:
        found = self._groups.get(("team", team, period, measure))
        ratio = None if found is None else found.ratio
        return None if found is None or ratio is None else (ratio, int(found.denominator))
