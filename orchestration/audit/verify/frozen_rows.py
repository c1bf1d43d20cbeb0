"""The rows that a settlement froze: those of the publication it rests on, and those that later ones show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.audit.verify.cells import LOCATED_CELLS, row_name
from orchestration.audit.verify.data import with_files
from orchestration.audit.verify.findings import Finding
from orchestration.settlement.frozen import TABLES, Settlement, frozen_columns, frozen_folder
from orchestration.state.folder import StateFolder, auditor_parquet, place_of
from orchestration.state.memory import connect

FROZEN_FROM: Mapping[str, str] = {
    "bonus_line": "select * from {bonus.bonus_line}",
    "score": "select score.*, grade.* exclude (period_kind, period_id, agent_id, scheme_id, role, "
    "total_score, status, maturity) from {score.score} as score left join {grade.grade} as grade "
    "on score.agent_id = grade.agent_id and score.period_id = grade.period_id",
    "ranking": "select *, subject_id as agent_id from {bonus.bonus_ranking} where subject = 'agent'",
}
"""What the publication that a period was settled on has of each frozen table."""

READ_BACK: Mapping[str, str] = {
    "bonus_line": "facts.fct_settled_line",
    "score": "facts.fct_settled_score",
    "ranking": "facts.fct_settled_ranking",
    "period": "facts.dim_settled_period",
}
"""The facts as which later publications show the frozen tables."""


def source_findings(state: StateFolder, settlement: Settlement) -> Iterator[Finding]:
    """Rows of the frozen files that the publication they were frozen from does not have."""
    folder = state.published / settlement.run_id
    period = settlement.period_id.replace("'", "''")
    for table in TABLES:
        path = frozen_folder(state, table) / f"{settlement.period_id}.parquet"
        if not path.is_file():
            continue  # named where the record's hashes are checked
        name = path.relative_to(state.root).as_posix()
        if table == "period":
            wanted = (
                f"select {_text(settlement.period_kind)} as period_kind, "
                f"{_text(settlement.period_id)} as period_id, {_text(settlement.settled_by)} as settled_by, "
                f"{_text(settlement.run_id)} as run_id, {_text(settlement.register_hash)} as register_hash"
            )
        else:
            source = with_files(FROZEN_FROM[table], lambda relation: _parquet(folder, relation))
            wanted = f"select * from ({source}) where period_id = '{period}'"
        yield from _unequal(
            name, table, f"select * from read_parquet('{_quoted(path)}')", wanted, of=settlement.run_id
        )


def read_back_findings(state: StateFolder, shown: Sequence[str], current: Path) -> Iterator[Finding]:
    """Rows that the current publication shows of settled periods (`shown`) and the frozen files do not have,
    and the other way round.
    """
    if not shown:
        return
    for table in TABLES:
        paths = [frozen_folder(state, table) / f"{period_id}.parquet" for period_id in shown]
        if not all(path.is_file() for path in paths):
            continue
        files = ", ".join(f"'{_quoted(path)}'" for path in paths)
        yield from _unequal(
            f"{current.name}/{place_of(READ_BACK[table])}",
            table,
            f"select * from {_parquet(current, READ_BACK[table])}",
            f"select * from read_parquet([{files}])",
            of=f"raw/settlement/{table}",
        )


def _unequal(place: str, table: str, here: str, there: str, *, of: str) -> Iterator[Finding]:
    """Rows that only one of two queries has, in the columns of a frozen table."""
    columns = ", ".join(
        f"cast({column} as {kind}) as {column}" for column, kind in frozen_columns(table).items()
    )
    sides = [f"select {columns} from ({query})" for query in (here, there)]
    with connect() as database:
        for one, other, problem in (
            (sides[0], sides[1], f"has a row that {of} has not"),
            (sides[1], sides[0], f"lacks a row of {of}"),
        ):
            try:
                rows = database.execute(
                    f"({one}) except all ({other}) order by all limit {LOCATED_CELLS}"
                ).fetchall()
            except duckdb.Error as error:
                yield Finding(place, f"does not compare with {of} ({str(error).splitlines()[0]})")
                return
            for row in rows:
                yield Finding(place, problem, row=row_name(list(frozen_columns(table)), row))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _parquet(folder: Path, relation: str) -> str:
    return f"read_parquet('{_quoted(auditor_parquet(folder, relation))}')"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
