"""Published views: the auditors' DuckDB file asks what the SQL beside it says, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.audit.verify.data import first_line, literal
from orchestration.audit.verify.findings import Finding, Report
from orchestration.audit.verify.memory import require_memory
from orchestration.errors import MeritlineError
from orchestration.publish.databases import written
from orchestration.publish.views import create_views, view_names
from orchestration.scratch import scratch_folder
from orchestration.state.folder import AUDITOR, auditor_database, auditor_view
from orchestration.state.memory import connect

EMPTY_TABLES = """
    select format('create schema if not exists "{}"', schema_name),
        format('create table "{0}"."{1}" as from copy."{0}"."{1}" limit 0', schema_name, table_name)
    from duckdb_tables() where database_name = 'copy' order by all
"""
VIEWS = """
    select schema_name || '.' || view_name, max(sql) filter (database_name = 'copy'),
        max(sql) filter (database_name = 'again')
    from duckdb_views() where not internal group by all order by all
"""


def check_views(folder: Path, report: Report) -> None:
    """Each view of the auditors' file against the view that its SQL makes over the same tables.

    Raises MemoryRanOut.
    """
    place = f"{AUDITOR}.duckdb"
    findings: list[Finding] = []
    found: list[tuple[str, str | None, str | None]] = []
    try:
        found = _views(folder)
    except duckdb.Error as error:
        require_memory(error, folder)
        findings.append(Finding(place, f"its views cannot be made again ({first_line(error)})"))
    except MeritlineError as error:
        findings.append(Finding(f"{AUDITOR}/{Path(str(error.path)).name}", error.problem))
    for name, has, wanted in found:
        if has != wanted:
            problem = "lacks the view of" if has is None else "has another view than"
            beside = auditor_view(folder, name).relative_to(folder).as_posix()
            findings.append(Finding(place, f"{problem} {beside}", row=name))
    report.add("views of the DuckDB file = the SQL beside it", len(found), "views", findings)


def _views(folder: Path) -> list[tuple[str, str | None, str | None]]:
    """Each view's name, its text in the file, and as made again: in a file too, since how a file keeps
    a view is part of the text. Raises duckdb.Error.
    """
    quoted = literal(auditor_database(folder))
    with scratch_folder() as scratch:
        again = scratch / "again.duckdb"
        with written(again) as database:
            database.execute(f"attach {quoted} as copy (read_only)")
            database.execute("use audience")
            for statements in database.execute(EMPTY_TABLES).fetchall():
                for statement in statements:
                    database.execute(statement)
            create_views(database, folder, view_names(folder))
            database.execute("use memory")
        with connect() as database:
            database.execute(f"attach {quoted} as copy (read_only)")
            database.execute(f"attach '{again}' as again (read_only)")
            return database.execute(VIEWS).fetchall()
