"""What a plan comes to, as data: money before and after, its groups, and every line that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from orchestration.audit.diff import Cause, NumberChange

NOTHING = Decimal("0.00")
PLACES_OF_DISTRIBUTION = (0, 5, 25, 50, 75, 95, 100)
"""Per cent of the agents, by difference, at which the distribution is told: the least to the greatest."""


@dataclass(frozen=True)
class Money:
    """Yuan as published and as planned."""

    before: Decimal = NOTHING
    after: Decimal = NOTHING

    @property
    def difference(self) -> Decimal:
        """after − before."""
        return self.after - self.before


@dataclass(frozen=True)
class Group:
    """The money of one period, plan, team or grade; `bonus_count` counts agents' periods that have a line in
    it, before or after.
    """

    kind: str
    id: str
    name_en: str
    name_zh: str
    money: Money
    bonus_count: int


@dataclass(frozen=True)
class AgentChange:
    """The money of one agent over the open periods."""

    agent_id: str
    agent_name: str
    money: Money


@dataclass(frozen=True)
class PlannedLine:
    """A bonus line that another policy changes: an amount is None where there is no such line. Where only
    what is said of it differs, the amounts are the same. `corrects` is the settled line that it corrects.
    """

    bonus_line_id: str
    agent_id: str
    period_id: str
    scheme_id: str
    label_en: str
    label_zh: str
    before: Decimal | None
    after: Decimal | None
    corrects: str | None
    what: tuple[str, ...]
    numbers: tuple[NumberChange, ...]
    causes: tuple[Cause, ...]

    @property
    def difference(self) -> Decimal:
        """after − before, a missing line counting as 0."""
        return (self.after or NOTHING) - (self.before or NOTHING)


@dataclass(frozen=True)
class SettledPeriod:
    """A settled period: what its register pays and keeps paying, and what it would have been: the
    calculation beside the register, as published and as planned.
    """

    period_id: str
    paid: Decimal
    computed: Money
    line_count: int


@dataclass(frozen=True)
class GradeMove:
    """Bonuses that move from one grade to another; '' is none."""

    before: str
    after: str
    bonus_count: int


@dataclass(frozen=True)
class Plan:
    """A publication under another policy, over `periods` (ids, in order of time).

    Money, groups and agents are of open periods, corrections of settled ones among them, as a night books
    them; settled periods stand apart. `site_changes` are files of the site's folder that differ, each with
    how (`new`, `gone`, `changed`), `from_exports` facts that were built again.
    """

    publication: str
    as_of: str
    content_hash: str
    policy_hash: str
    policy_files: Mapping[str, str]
    site_files: Mapping[str, str]
    code_hash: str
    is_other_code: bool
    inputs: tuple[str, ...]
    settled_periods: tuple[str, ...]
    periods: tuple[str, ...]
    site_changes: tuple[tuple[str, str], ...]
    rows_changed: tuple[str, ...]
    money: Money
    corrections: Money
    groups: tuple[Group, ...]
    agents: tuple[AgentChange, ...]
    lines: tuple[PlannedLine, ...]
    grades: tuple[GradeMove, ...]
    settled: tuple[SettledPeriod, ...]
    from_exports: tuple[str, ...] = field(default=())

    def of(self, kind: str) -> tuple[Group, ...]:
        """The groups of a kind: `period`, `plan`, `team`, `grade`."""
        return tuple(group for group in self.groups if group.kind == kind)

    @property
    def winners(self) -> tuple[AgentChange, ...]:
        """Who has more, the largest gain first."""
        more = (one for one in self.agents if one.money.difference > 0)
        return tuple(sorted(more, key=lambda one: (-one.money.difference, one.agent_id)))

    @property
    def losers(self) -> tuple[AgentChange, ...]:
        """Who has less, the largest loss first."""
        less = (one for one in self.agents if one.money.difference < 0)
        return tuple(sorted(less, key=lambda one: (one.money.difference, one.agent_id)))

    @property
    def unchanged_count(self) -> int:
        """How many agents have the same in sum."""
        return len(self.agents) - len(self.winners) - len(self.losers)

    @property
    def distribution(self) -> tuple[tuple[int, Decimal], ...]:
        """Differences of the agents at `PLACES_OF_DISTRIBUTION`, each that of one of them."""
        return spread([one.money.difference for one in self.agents])

    @property
    def is_same(self) -> bool:
        """Whether nothing that is paid or graded is another."""
        return not (self.lines or self.grades)

    @property
    def unexplained(self) -> tuple[PlannedLine, ...]:
        """Lines without a cause."""
        return tuple(line for line in self.lines if not line.causes)


def spread(differences: Sequence[Decimal]) -> tuple[tuple[int, Decimal], ...]:
    """The differences that stand at `PLACES_OF_DISTRIBUTION` per cent of them, in order; none of none."""
    ordered = sorted(differences)
    if not ordered:
        return ()
    return tuple((place, ordered[(len(ordered) - 1) * place // 100]) for place in PLACES_OF_DISTRIBUTION)
