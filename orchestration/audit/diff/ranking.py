"""Who else moved in the groups that ranks are of. A group is told once, however many lines rest on it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from orchestration.audit.diff.causes import EXAMPLES, Cause, Found, Kind, find_causes
from orchestration.audit.diff.numbers import Group, Member, Moved, find_groups
from orchestration.audit.diff.pair import Pair


class Ranking:
    """Of each start with a rank or the size of a group in `passed`: who else moved there, and why."""

    def __init__(self, pair: Pair) -> None:
        self._moved: Moved = find_groups(pair)
        numbers = sorted({one.node_key for members in self._moved.members.values() for one in members})
        self._causes: Found = find_causes(pair, "select unnest($numbers), unnest($numbers)", numbers=numbers)
        self._told = cache(self._tell)

    def causes(self, start_key: str, own: str) -> Iterator[Cause]:
        """Who but `own` moved in the groups of a start, and the causes of that, one of each kind."""
        groups = self._moved.groups.get(start_key)
        if groups is not None:
            yield from self._told(groups).besides(own)

    def _tell(self, groups: frozenset[Group]) -> _Told:
        members = sorted({one for group in groups for one in self._moved.members[group]})
        return _Told(members, self._causes)


class _Told:
    """What there is to say of some groups, whoever is asking."""

    def __init__(self, members: Sequence[Member], causes: Found) -> None:
        self._members = members
        self._counts = Counter(one.who for one in members)
        self._rows: dict[Kind, Counter[str]] = defaultdict(Counter)
        self._examples: dict[Kind, dict[str, list[str]]] = defaultdict(dict)
        for one in members:
            for cause in causes.get(one.node_key, ()):
                self._rows[cause.kind][one.who] += cause.count
                said = self._examples[cause.kind]
                # Enough of them, whoever of those is the one that asks.
                if one.who in said or len(said) <= EXAMPLES:
                    told = [f"{one.who} of the group: {example}" for example in cause.examples]
                    said.setdefault(one.who, []).extend(told)

    def besides(self, own: str) -> Iterator[Cause]:
        count = len(self._members) - self._counts[own]
        if not count:
            return
        others = (f"{one.who} {one.how}" for one in self._members if one.who != own)
        yield Cause("ranking", count, tuple(islice(others, EXAMPLES)))
        for kind, rows in self._rows.items():
            if rows.keys() != {own}:
                examples = (
                    example for who, told in self._examples[kind].items() if who != own for example in told
                )
                yield Cause(kind, rows.total() - rows[own], tuple(islice(examples, EXAMPLES)))
