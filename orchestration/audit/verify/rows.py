"""Published rows against a query over others: every cell, no row too many, none missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestration.audit.verify.data import ParquetData, with_files
from orchestration.audit.verify.findings import Finding, shown
from orchestration.state.folder import place_of

KEYS, CALIBRATION = "audit.relation_key", "marts.mart_calibration"
FOUND_PER_CHECK = 21
"""Rows looked at closer; one more than a report lists."""

MACROS = (
    # A quotient of whole numbers, half away from zero; a decimal as a count of millionths, and back.
    "whole_quotient(n, d) as (case when n < 0 then -1 else 1 end) "
    "* ((abs(cast(n as hugeint)) * 2 + cast(d as hugeint)) // (2 * cast(d as hugeint)))",
    "millionths(n) as cast(cast(n as decimal(31, 6)) * 1000000 as hugeint)",
    "from_millionths(n) as cast(n as decimal(31, 0)) * cast(0.000001 as decimal(7, 6))",
    "exact_ratio(n, d) as case when d > 0 then from_millionths(whole_quotient(millionths(n), d)) end",
    # The cents of a product of millionths and hundred-millionths, by days.
    "cents(n, days) as cast(whole_quotient(n, 1000000000000 * days) as decimal(30, 0)) "
    "* cast(0.01 as decimal(7, 2))",
    # n / d, n in millionths, is compared by cross-multiplication (S-EXACT).
    "is_in_band(n, d, low, high, is_upper, is_first) as case when is_upper "
    "then (is_first or n > millionths(low) * d) and coalesce(n <= millionths(high) * d, true) "
    "else n >= millionths(low) * d and coalesce(n < millionths(high) * d, true) end",
    "is_own(plan, own_role, held, held_role) as plan = held and (own_role = '*' or own_role = held_role)",
    "maturity_of(is_final) as case when is_final then 'final' else 'provisional' end",
)


@dataclass(frozen=True)
class Rows:
    """What rows of a relation must be: `wanted` gives their key and some of their columns.

    Columns that begin with `_` are its own. `part` says which of the published rows it speaks of. Names in
    braces are published relations.
    """

    what: str
    relation: str
    wanted: str
    part: str = "true"


@dataclass(frozen=True)
class Copied:
    """Columns that two relations share: those of the row `of` that the columns `on` lead to (`own=other`).

    `unlike` are columns of one name and two meanings, `part` the rows of the relation that are spoken of.
    """

    relation: str
    of: str
    on: str
    unlike: str = ""
    part: str = "true"


@dataclass(frozen=True)
class Faults:
    """Rows that must not be: a query over published relations with a column `key` and a column `problem`."""

    what: str
    relation: str
    faulty: str


@dataclass(frozen=True)
class Due:
    """What must be there: rows that `wanted` gives with a column `key`, and where they are `found`."""

    what: str
    relation: str
    wanted: str
    found: str


Checked = tuple[int, str, list[Finding]]


def keys_of(data: ParquetData) -> Mapping[str, Sequence[str]]:
    """Columns that tell the rows of each published relation apart. Raises RelationUnreadable."""
    found: dict[str, list[str]] = {}
    for row in sorted(data.rows(KEYS), key=lambda one: (one["relation"], one["position"])):
        found.setdefault(row["relation"], []).append(row["column_name"])
    return found


def check_rows(data: ParquetData, rows: Rows) -> Checked:
    """Rows looked at and findings. Raises RelationUnreadable."""
    data.define(MACROS)
    wanted = with_files(rows.wanted, data.scan)
    keys = keys_of(data).get(rows.relation, [])
    columns = [
        name
        for name in data.columns(f"({wanted})", relation=rows.relation)
        if name not in keys and not name.startswith("_")
    ]
    published = f"select * from {data.scan(rows.relation)} as own where {with_files(rows.part, data.scan)}"
    [count] = data.query(f"select count(*) as n from ({published})", relation=rows.relation)
    on = " and ".join(f"published.{name} is not distinct from wanted.{name}" for name in keys)
    unlike = " or ".join(f"published.{name} is distinct from wanted.{name}" for name in columns) or "false"
    listed = [f"coalesce(published.{name}, wanted.{name}) as {name}" for name in keys] + [
        f"{side}.{name} as {side}_{name}" for name in columns for side in ("published", "wanted")
    ]
    found = data.query(
        f"""
        select {", ".join(listed)}, wanted._is_there is null as _is_extra,
            published._is_there is null as _is_missing
        from (select *, true as _is_there from ({wanted})) as wanted
        full join (select *, true as _is_there from ({published})) as published on {on}
        where wanted._is_there is null or published._is_there is null or {unlike}
        order by {", ".join(keys)} limit {FOUND_PER_CHECK}
        """,
        relation=rows.relation,
    )
    return count["n"], "rows", list(_findings(found, rows.relation, keys, columns))


def _findings(
    found: Iterator[Mapping[str, object]], relation: str, keys: Sequence[str], columns: Sequence[str]
) -> Iterator[Finding]:
    place = place_of(relation)
    for row in found:
        name = " ".join(f"{key}={shown(row[key])}" for key in keys)
        if row["_is_extra"]:
            yield Finding(place, "is published, but what it rests on gives no such row", row=name)
            continue
        if row["_is_missing"]:
            yield Finding(place, "is missing: what it rests on gives it", row=name)
            continue
        for column in columns:
            was, wanted = row[f"published_{column}"], row[f"wanted_{column}"]
            if was != wanted:
                problem = f"published {shown(was)}, what it rests on gives {shown(wanted)}"
                yield Finding(place, problem, row=name, column=column)


def check_copied(data: ParquetData, all_copied: Sequence[Copied]) -> Checked:
    """Cells looked at and findings. Raises RelationUnreadable."""
    looked_at, findings = 0, []
    for copied in all_copied:
        pairs = [one.split("=") for one in copied.on.split()]
        other = data.columns(data.scan(copied.of), relation=copied.of)
        keys = keys_of(data).get(copied.relation, [])
        left_out = {*keys, *copied.unlike.split(), *(own for own, *_ in pairs)}
        names = [
            name
            for name in data.columns(data.scan(copied.relation), relation=copied.relation)
            if name in other and name not in left_out
        ]
        listed = ", ".join([f"own.{name}" for name in keys] + [f"source.{name}" for name in names])
        on = " and ".join(
            f"own.{own} is not distinct from source.{of[0] if of else own}" for own, *of in pairs
        )
        wanted = f"from {{{copied.relation}}} as own inner join {{{copied.of}}} as source on {on}"
        rows = Rows("", copied.relation, f"select {listed} {wanted} where {copied.part}", part=copied.part)
        count, _, found = check_rows(data, rows)
        looked_at += count * len(names)
        findings += found
    return looked_at, "cells", findings


def check_faults(data: ParquetData, faults: Faults) -> Checked:
    """Rows of the relation, and those that must not be. Raises RelationUnreadable."""
    data.define(MACROS)
    [count] = data.query(f"select count(*) as n from {data.scan(faults.relation)}", relation=faults.relation)
    found = data.query(
        f"select key, problem from ({with_files(faults.faulty, data.scan)}) order by all "
        f"limit {FOUND_PER_CHECK}",
        relation=faults.relation,
    )
    place = place_of(faults.relation)
    return count["n"], "rows", [Finding(place, str(row["problem"]), row=str(row["key"])) for row in found]


def check_due(data: ParquetData, all_due: Sequence[Due]) -> Checked:
    """Keys looked for and those not found. Raises RelationUnreadable."""
    findings: list[Finding] = []
    looked_at = 0
    for due in all_due:
        wanted, found = with_files(due.wanted, data.scan), with_files(due.found, data.scan)
        [count] = data.query(f"select count(*) as n from ({wanted})", relation=due.relation)
        looked_at += count["n"]
        rows = data.query(
            f"select key from ({wanted}) anti join (select key from ({found})) as found using (key) "
            f"order by key limit {FOUND_PER_CHECK}",
            relation=due.relation,
        )
        findings += [Finding(place_of(due.relation), due.what, row=str(row["key"])) for row in rows]
    return looked_at, "rows", findings


def check_keys(data: ParquetData) -> Checked:
    """Every relation has a key, and no row of it is published twice. Raises RelationUnreadable."""
    findings: list[Finding] = []
    published = data.relations() - {CALIBRATION}
    known = keys_of(data)
    for relation in sorted(published):
        keys = known.get(relation, [])
        if not keys or set(keys) - set(data.columns(data.scan(relation), relation=relation)):
            findings.append(Finding(place_of(KEYS), "has no key, or another column's", row=relation))
            continue
        twice = data.query(
            f"select {', '.join(keys)} from {data.scan(relation)} group by all having count(*) > 1 "
            f"order by all limit {FOUND_PER_CHECK}",
            relation=relation,
        )
        for row in twice:
            name = " ".join(f"{key}={shown(value)}" for key, value in row.items())
            findings.append(Finding(place_of(relation), "the row is published twice", row=name))
    return len(published), "relations", findings
