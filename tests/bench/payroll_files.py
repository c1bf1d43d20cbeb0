"""How long payroll's files of one period take: `python -m tests.bench.payroll_files [PEOPLE …]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import duckdb

from orchestration.policy.clauses import clauses
from orchestration.publish.payroll.rows import UNPAID, read_period, read_unpaid, shares
from orchestration.publish.payroll.statement import statement
from orchestration.publish.payroll.write import write_payroll
from orchestration.state.folder import auditor_folder
from orchestration.state.memory import connect
from tests import paying

LINES = 8
"""Lines of one person."""


def _centre(folder: Path, people: int) -> None:
    """A period of so many people with eight lines and three unpaid components each."""
    one = paying.tables([paying.line("A", "104.37")], [paying.person("A", "834.96")], [paying.unpaid("A")])
    many = {
        "marts.mart_bonus_register": f"range({people}) as p(i), range({LINES}) as l(j)",
        "marts.mart_payroll_person": f"range({people}) as p(i)",
        UNPAID: f"range({people}) as p(i), range(3) as l(j)",
    }
    other = {
        "marts.mart_bonus_register": "'A' || i as agent_id, 'L' || i || '-' || j as bonus_line_id, "
        "j as line_no, 'c' || j as component_id",
        "marts.mart_payroll_person": "'A' || i as agent_id, 'T' || i % 40 as team_id",
        UNPAID: "'A' || i as agent_id, j as segment_no",
    }
    (folder / "payroll").mkdir(parents=True)
    for name, query in one.items():
        target = auditor_folder(folder, name)
        target.mkdir(parents=True)
        duckdb.execute(
            f"copy (select * replace ({other[name]}) from ({query}), {many[name]}) "
            f"to '{target / 'all.parquet'}' (format parquet)"
        )


def main(sizes: list[int]) -> None:
    """Print seconds of the whole and of statements alone."""
    titles = {clause_id: clause.title_zh for clause_id, clause in clauses().items()}
    for people in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _centre(folder, people)
            began = time.process_time()
            write_payroll(folder, titles)
            whole = time.process_time() - began
            began = time.process_time()
            with connect() as database:
                pay = read_period(database, folder, "2026-10")
                found = shares(pay, read_unpaid(database, folder, "2026-10"))
                size = sum(len(statement(share, pay.name, titles).encode()) for share in found)
            pages = time.process_time() - began
        print(
            f"{people:,} people: {whole:.1f} CPU s, statements {pages:.1f}, {size / people:,.0f} bytes each"
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [300, 5_000])
