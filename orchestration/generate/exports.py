"""The canonical export files: which relation becomes which file (`exports.yml`), and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.generate.centre import FOLDER
from orchestration.plain_yaml import load_yaml
from orchestration.sql import literal

_TIME_FORMAT = {
    "naive": "%Y-%m-%dT%H:%M:%S",
    "offset": "%Y-%m-%dT%H:%M:%S+08:00",
    "utc": "%Y-%m-%dT%H:%M:%SZ",
}
_UTC_OFFSET_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Export:
    """One table of the contract as `exports.yml` describes it; `name` is `source.table`."""

    name: str
    query: str
    order_by: str
    faults: Mapping[str, str]
    times: Literal["naive", "offset", "utc"] = "naive"


@dataclass(frozen=True)
class Written:
    """The columns of an export, and its files with their data rows."""

    columns: tuple[str, ...]
    files: list[tuple[Path, int]] = field(default_factory=list)


@cache
def all_exports() -> tuple[Export, ...]:
    """Every table of the export contract."""
    described = load_yaml((FOLDER / "exports.yml").read_text(encoding="utf-8"))
    return tuple(Export(name=name, **entry) for name, entry in described.items())


def write_export(connection: duckdb.DuckDBPyConnection, export: Export, *, folder: Path) -> Written:
    """Write `<folder>/<source>/<table><part>.csv`, by name.

    UTF-8, comma, header, LF, empty fields for NULL. A table without rows gets one file with its header.
    """
    shift = _UTC_OFFSET_SECONDS if export.times == "utc" else 0
    connection.execute(f"create or replace macro t(s) as make_timestamp((s - {shift}) * 1000000)")
    connection.execute(f"create or replace table export as {export.query}")
    names = [str(name) for name, *_ in connection.execute("describe export").fetchall()]
    written = Written(tuple(names[: names.index("file_part")]))
    counts = connection.execute("select file_part, count(*) from export group by all order by all").fetchall()
    source, table = export.name.split(".")
    (folder / source).mkdir(parents=True, exist_ok=True)
    for part, count in counts or [("", 0)]:
        path = folder / source / f"{table}{part}.csv"
        connection.execute(
            f"""
            copy (
                select {", ".join(written.columns)} from export
                where file_part = '{part}' order by {export.order_by}
            ) to {literal(path)} (
                format csv, header, nullstr '', dateformat '%Y-%m-%d',
                timestampformat '{_TIME_FORMAT[export.times]}'
            )
            """
        )
        written.files.append((path, int(count)))
    connection.execute("drop table export")
    return written
