"""The rows that a settlement froze: those of the publication it rests on, and those that later ones show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from orchestration.audit.verify.catalogue import rows_of
from orchestration.audit.verify.cells import differences, reading, unlike_rows
from orchestration.audit.verify.data import literal, parquet, with_files
from orchestration.audit.verify.findings import Finding
from orchestration.settlement.frozen import Settlement, frozen_columns, frozen_folder
from orchestration.state.folder import StateFolder, auditor_parquet, place_of
from orchestration.state.memory import connect

RECORD = "settlement.record"
"""What the queries of `checks/frozen/` call the record of the settled period.

Each of them says, for a frozen table, what the publication has that a period was settled on, and as which
relation later ones show it.
"""
TABLES = rows_of("frozen")


def source_findings(state: StateFolder, settlement: Settlement) -> Iterator[Finding]:
    """Rows of the frozen files that the publication they were frozen from does not have, and cells."""
    words = {name: value for name, value in asdict(settlement).items() if isinstance(value, str)}
    record = ", ".join(f"{literal(value)} as {name}" for name, value in words.items())
    folder = state.published / settlement.run_id

    def scan(relation: str) -> str:
        if relation == RECORD:
            return f"(select {record})"
        return parquet(auditor_parquet(folder, relation))

    for table in TABLES:
        path = frozen_folder(state, table.what) / f"{settlement.period_id}.parquet"
        if not path.is_file():
            continue  # named where the record's hashes are checked
        place = path.relative_to(state.root).as_posix()
        wanted = with_files(f"({table.wanted})", scan)
        found = _unlike(place, table.what, parquet(path), wanted, of=settlement.run_id, is_source=True)
        problem = f"does not compare with {settlement.run_id}"
        yield from reading(place, problem, found, folder, _hashes(state, settlement))


def read_back_findings(state: StateFolder, shown: Sequence[Settlement], current: Path) -> Iterator[Finding]:
    """Rows that the current publication shows of settled periods (`shown`) and the frozen files do not have,
    and the other way round.
    """
    for table in TABLES:
        paths = [frozen_folder(state, table.what) / f"{one.period_id}.parquet" for one in shown]
        if paths and all(path.is_file() for path in paths):
            place = f"{current.name}/{place_of(table.relation)}"
            here = parquet(auditor_parquet(current, table.relation))
            there = f"read_parquet([{', '.join(literal(path) for path in paths)}])"
            of = f"raw/settlement/{table.what}"
            found = _unlike(place, table.what, here, there, of=of)
            hashes = {path: said for one in shown for path, said in _hashes(state, one).items()}
            yield from reading(place, f"does not compare with {of}", found, current, hashes)


def _hashes(state: StateFolder, settlement: Settlement) -> Mapping[Path, str]:
    """The SHA-256 that each frozen file of a settlement should have."""
    return {state.root / name: said for name, said in settlement.frozen_files.items()}


def _unlike(
    place: str, table: str, here: str, there: str, *, of: str, is_source: bool = False
) -> Iterator[Finding]:
    """Rows that only one side has, in the columns of a frozen table; against its source, cells too."""
    columns = frozen_columns(table).items()
    listed = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in columns)
    sides = f"(select {listed} from {here})", f"(select {listed} from {there} order by all)"
    words = f"has a row that {of} has not", f"lacks a row of {of}"
    with connect() as database:
        rows = list(unlike_rows(database, place, *sides, *words))
        yield from rows
        if rows and is_source:
            yield from differences(database, place, *sides)
