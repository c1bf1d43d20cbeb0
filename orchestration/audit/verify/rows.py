"""Published rows against queries over others: every cell, no row too many, none missing.

In queries, names in braces are published relations. Every check raises RelationUnreadable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.audit.verify.data import CALIBRATION, KEYS, ParquetData, keys_of, types_of, with_files
from orchestration.audit.verify.findings import Finding, shown
from orchestration.state.folder import place_of

FOUND_PER_CHECK = 21
"""Rows looked at closer; one more than a report lists."""

Checked = tuple[int, str, list[Finding]]
"""How many things were looked at, what they are, and what is wrong."""


@dataclass(frozen=True)
class Rows:
    """What rows of a relation must be: `wanted` gives their key and some of their columns.

    Columns that begin with `_` are its own. `part` says which of the published rows it speaks of.
    """

    what: str
    relation: str
    wanted: str
    part: str = "true"

    def check(self, data: ParquetData) -> Checked:
        """The published rows of this part, and those that are not as wanted."""
        wanted = with_files(f"({self.wanted})", data.scan)
        published = with_files(f"(from {{{self.relation}}} as own where {self.part})", data.scan)
        keys = keys_of(data).get(self.relation, [])
        columns = [
            name
            for name in types_of(data, wanted, self.relation)
            if name not in keys and not name.startswith("_")
        ]
        names = ", ".join([*keys, *columns])
        on = " and ".join(f"published.{name} is not distinct from wanted.{name}" for name in keys)
        unlike = " or ".join(f"published.{name} is distinct from wanted.{name}" for name in columns)
        found = data.query(
            f"""
            select published, wanted
            from (select {names}, true as _is_there from {wanted}) as wanted
            full join (select {names}, true as _is_there from {published}) as published on {on}
            where wanted._is_there is null or published._is_there is null or {unlike or "false"}
            order by {", ".join(f"coalesce(published.{name}, wanted.{name})" for name in keys)}
            limit {FOUND_PER_CHECK}
            """,
            relation=self.relation,
        )
        findings = [one for row in found for one in self._findings(row["published"], row["wanted"], keys)]
        return data.count(published, relation=self.relation), "rows", findings

    def _findings(
        self, published: Mapping[str, Any], wanted: Mapping[str, Any], keys: Sequence[str]
    ) -> Iterator[Finding]:
        place, there = place_of(self.relation), published if published["_is_there"] else wanted
        row = words({key: there[key] for key in keys})
        if not wanted["_is_there"]:
            yield Finding(place, "is published, but what it rests on gives no such row", row=row)
        elif not published["_is_there"]:
            yield Finding(place, "is missing: what it rests on gives it", row=row)
        else:
            for column, was in published.items():
                if was != wanted[column]:
                    problem = f"published {shown(was)}, what it rests on gives {shown(wanted[column])}"
                    yield Finding(place, problem, row=row, column=column)


@dataclass(frozen=True)
class Copied:
    """Columns that two relations share: those of the row `of` that the columns `by` lead to (`own=other`).

    `unlike` are columns of one name and two meanings, `where` the rows of the relation that are spoken of.
    """

    relation: str
    of: str
    by: str
    unlike: str = ""
    where: str = "true"

    def check(self, data: ParquetData) -> Checked:
        """The cells that are copies, and those that are not as in the row that they are of."""
        pairs = [one.split("=") for one in self.by.split()]
        own, other = (types_of(data, data.scan(one), one) for one in (self.relation, self.of))
        keys = keys_of(data).get(self.relation, [])
        left_out = {*keys, *self.unlike.split(), *(name for name, *_ in pairs)}
        names = [name for name in own if name in other and name not in left_out]
        listed = ", ".join([f"own.{name}" for name in keys] + [f"source.{name}" for name in names])
        on = " and ".join(
            f"own.{name} is not distinct from source.{(of or [name])[0]}" for name, *of in pairs
        )
        joined = f"from {{{self.relation}}} as own inner join {{{self.of}}} as source on {on}"
        rows = Rows("", self.relation, f"select {listed} {joined} where {self.where}", self.where)
        count, _, findings = rows.check(data)
        return count * len(names), "cells", findings


@dataclass(frozen=True)
class Faults:
    """Rows that must not be: a query with a column `key` and a column `problem`, over the rows `among`."""

    what: str
    relation: str
    faulty: str
    among: str

    def check(self, data: ParquetData) -> Checked:
        """The rows looked at, and those that must not be."""
        faulty, among = (with_files(one, data.scan) for one in (self.faulty, self.among))
        found = data.query(
            f"select key, problem from ({faulty}) order by all limit {FOUND_PER_CHECK}",
            relation=self.relation,
        )
        place = place_of(self.relation)
        findings = [Finding(place, str(row["problem"]), row=str(row["key"])) for row in found]
        return data.count(f"({among})", relation=self.relation), "rows", findings


def check_together(data: ParquetData, checks: Sequence[Rows | Copied | Faults]) -> Checked:
    """Several checks as one."""
    done = [one.check(data) for one in checks]
    return sum(count for count, _, _ in done), done[0][1], [one for _, _, found in done for one in found]


def check_keys(data: ParquetData) -> Checked:
    """Every relation has a key, and no row of it is published twice."""
    findings: list[Finding] = []
    published = data.relations() - {CALIBRATION}
    known = keys_of(data)
    for relation in sorted(published):
        keys = known.get(relation, [])
        if not keys or set(keys) - types_of(data, data.scan(relation), relation).keys():
            findings.append(Finding(place_of(KEYS), "has no key, or another column's", row=relation))
            continue
        twice = data.query(
            f"select {', '.join(keys)} from {data.scan(relation)} group by all having count(*) > 1 "
            f"order by all limit {FOUND_PER_CHECK}",
            relation=relation,
        )
        findings += [Finding(place_of(relation), "the row is published twice", words(row)) for row in twice]
    return len(published), "relations", findings


def words(key: Mapping[str, Any]) -> str:
    """A key as a finding names its row."""
    return " ".join(f"{name}={shown(value)}" for name, value in key.items())
