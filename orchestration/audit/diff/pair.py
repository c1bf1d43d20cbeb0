"""Two publications attached as `a` (the earlier) and `b`, and what differs between them as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb

from orchestration.audit.beside import text_beside
from orchestration.text import in_words

Row = Mapping[str, Any]
OF_EVIDENCE = frozenset({"kpi.kpi_observation", "bonus.bonus_evidence"})
"""Tables below all evidence: what differs above them differs in them."""


def _site_files(manifest: Row) -> Mapping[str, str]:
    """SHA-256 of the files of the site's folder that a publication was made by."""
    return dict((manifest.get("site") or {}).get("files", {}))


def _changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Files that differ, each with how."""
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, "new" if name not in before else "gone" if name not in after else "changed"


@dataclass(frozen=True)
class Stated:
    """Of what the later one has numbers, where it has not all: of which agents, nobody else's can have moved,
    and of which parts of the calculation (None: of all). Those of other parts are the earlier one's, and so
    are, where parts are said, those of other `periods` (agent and period).
    """

    agents: Sequence[str]
    periods: Sequence[tuple[str, str]] = ()
    parts: Sequence[str] | None = None


class Pair:
    """SQL over two publications; temporary tables stay in the database. `same`: relations (`schema.name`) of
    which both are known to have the same rows, none of which is looked at. `only`: what the later one has
    numbers of, where not of all.
    """

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        before: Row,
        after: Row,
        *,
        same: Collection[str] = (),
        only: Stated | None = None,
    ) -> None:
        self._database = database
        self.same, self.only = frozenset(same), only
        self.has_all_numbers = only is None or only.parts is None
        self.before, self.after = before, after
        self.has_moved_on = bool(before["as_of"] != after["as_of"])
        self.site_changes = tuple(_changed_files(*(_site_files(one) for one in (before, after))))
        self.has_other_code = before["code_hash"] != after["code_hash"] or any(
            name.endswith(".sql") for name, _ in self.site_changes
        )

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Rows of a query by column name."""
        result = self._database.execute(sql, values)
        names = [description[0] for description in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def changed(self, source: str, key: Sequence[str], compared: Sequence[str]) -> list[dict[str, Any]]:
        """Rows of `source` (SQL with `{side}`) that one of them lacks or that differ in `compared`: the key,
        each other column as `…_a` and `…_b`, `is_in_a` and `is_in_b`.
        """
        one, other = (f"(select *, true as is_in from ({source.format(side=side)}))" for side in "ab")
        joined = " and ".join(f"one.{name} is not distinct from other.{name}" for name in key)
        differs = " or ".join(f"one.{name} is distinct from other.{name}" for name in ("is_in", *compared))
        keys = ", ".join(f"coalesce(one.{name}, other.{name}) as {name}" for name in key)
        rest = f"exclude ({', '.join(key)})"
        return self.rows(
            f"select {keys}, columns(one.* {rest}) as '\\0_a', columns(other.* {rest}) as '\\0_b' "
            f"from {one} as one full outer join {other} as other on {joined} where {differs} order by all"
        )

    @property
    def is_same_evidence(self) -> bool:
        """Whether all evidence is known to be the same."""
        return self.same >= OF_EVIDENCE

    @cached_property
    def columns(self) -> Mapping[str, Sequence[str]]:
        """Columns by relation (`schema.name`), of those that both publications have, in order."""
        return self._lists(
            "select schema_name || '.' || table_name as name, column_name, min(column_index) as position "
            "from duckdb_columns() where database_name in ('a', 'b') group by all having count(*) = 2"
        )

    @cached_property
    def keys(self) -> Mapping[str, Sequence[str]]:
        """Columns of the key by relation, of those that both publications have."""
        keys = self._lists("select relation as name, column_name, position from b.audit.relation_key")
        return {relation: key for relation, key in keys.items() if relation in self.columns}

    def _lists(self, sql: str) -> Mapping[str, Sequence[str]]:
        lists = (
            f"select name, list(column_name order by position) as columns from ({sql}) group by 1 order by 1"
        )
        return {row["name"]: row["columns"] for row in self.rows(lists)}

    @cached_property
    def has_new_loads(self) -> bool:
        """Whether one of them read a file that the other did not."""
        return bool(self.rows(one_sided("audit.load_file where status = 'loaded'", ["load_id"])))

    @cached_property
    def new_periods(self) -> frozenset[str]:
        """Periods that only the later one has."""
        return frozenset(row["period_id"] for row in self._new("facts.dim_period", "period_id"))

    @cached_property
    def settled_between(self) -> Mapping[str, str]:
        """Periods settled in between on a publication that is neither, with its run: what was settled as it
        stood in the earlier one can have changed by no right.
        """
        rows = self._new("facts.dim_settled_period", "period_id, run_id")
        return {row["period_id"]: row["run_id"] for row in rows if row["run_id"] != self.before["run_id"]}

    def _new(self, relation: str, columns: str) -> list[dict[str, Any]]:
        return self.rows(f"select {columns} from b.{relation} except select {columns} from a.{relation}")


def said(row: Row, names: Iterable[str]) -> list[str]:
    """`rate 1.2 → 1.25`: the columns of a changed row that differ, in words."""
    return [
        f"{name.replace('_', ' ')} {in_words(row[f'{name}_a'])} → {in_words(row[f'{name}_b'])}"
        for name in names
        if row[f"{name}_a"] != row[f"{name}_b"]
    ]


def one_sided(relation: str, columns: Sequence[str]) -> str:
    """SQL of the rows of a relation that one of the publications has more often than the other, each once.
    Grouped, not `except all`: that numbers all rows first and takes five times as long.
    """
    names = ", ".join(columns)
    one, other = (
        f"select {names}, {sign} as _sign from {side}.{relation}" for side, sign in (("a", 1), ("b", -1))
    )
    return f"select {names} from ({one} union all {other}) group by {names} having sum(_sign) <> 0"


def query(name: str, **names: str) -> str:
    """A query of `sql/`, with `names` put in its braces."""
    text = text_beside(__file__, f"sql/{name}.sql")
    return text.format(**names) if names else text
