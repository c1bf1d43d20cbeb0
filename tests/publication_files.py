"""Every file of a publication as text, whatever it is, and who may read it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl

MAY_SEE_PAY = frozenset({"payroll", "auditor"})
"""Folders and DuckDB files of a publication whose readers may see what people are paid."""
NUMBER = re.compile(r"\d[\d,]*\.\d+|\d[\d,]*\d|\d")
SUMS_OF_EVIDENCE = ("mart_kpi_daily", "numerator")
"""Relation and column with sums of a day's orders or seconds, so many that some equal an amount by chance:
`test_sums_of_evidence_are_nothing_else` looks at them.
"""
GROUP_READS = 0o040
BOARDS_WITH_PAY = frozenset({"payroll", "agent"})
"""Folders of `board/` with pay; of the agents' each page has its own, which test_board_pages looks at."""


def may_see_pay(name: str) -> bool:
    """Whether the readers of a file may see pay, by its path in the publication: a new folder is of those who
    may not.
    """
    first, *rest = Path(name).parts
    if first == "board":
        return rest[0] in BOARDS_WITH_PAY
    return first in MAY_SEE_PAY or (first.endswith(".duckdb") and Path(first).stem in MAY_SEE_PAY)


def files_of(folder: Path) -> dict[str, Path]:
    """Files by their paths in a publication."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def is_open_to_group(folder: Path, path: Path) -> bool:
    """Whether the group reaches and reads a file."""
    way = [folder, *(one for one in path.parents if folder in one.parents)]
    return bool(path.stat().st_mode & GROUP_READS) and all(one.stat().st_mode & 0o010 for one in way)


def texts_of(path: Path) -> Iterator[str]:
    """What a file says: values of tables, cells of workbooks, files of archives, else its bytes as text."""
    match path.suffix:
        case ".parquet":
            with duckdb.connect() as database:
                yield from _values(database, f"read_parquet('{path}')")
        case ".duckdb":
            with duckdb.connect() as database:
                database.execute(f"attach '{path}' as one (read_only)")
                tables = database.execute(
                    'select format(\'one."{}"."{}"\', schema_name, table_name) from duckdb_tables() '
                    "where database_name = 'one'"
                ).fetchall()
                for (table,) in tables:
                    yield from _values(database, table)
        case _:
            yield from _texts(path.name, path.read_bytes())


def _texts(name: str, content: bytes) -> Iterator[str]:
    if name.endswith(".xlsx"):
        for sheet in openpyxl.load_workbook(io.BytesIO(content), data_only=True):
            for row in sheet.iter_rows(values_only=True):
                yield from (str(value) for value in row if value is not None)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.namelist():
                yield from _texts(one, archive.read(one))
    else:
        yield content.decode("utf-8", "replace")


def _values(database: duckdb.DuckDBPyConnection, relation: str) -> Iterator[str]:
    for column, *_ in database.execute(f"describe select * from {relation}").fetchall():
        if SUMS_OF_EVIDENCE[0] in relation and column == SUMS_OF_EVIDENCE[1]:
            continue
        rows = database.execute(
            f'select distinct cast("{column}" as varchar) from {relation} where "{column}" is not null'
        ).fetchall()
        yield from (value for (value,) in rows)


def numbers_in(texts: Iterator[str], wanted: frozenset[Decimal]) -> set[Decimal]:
    """The wanted numbers that stand in texts, with or without separators of thousands and zeros behind."""
    found = set()
    for text in texts:
        for number in NUMBER.findall(text):
            value = Decimal(number.replace(",", ""))
            if value in wanted:
                found.add(value)
    return found
