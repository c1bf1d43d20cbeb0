"""What the KPI models say of themselves: which there are, and what decides each (line 2 of its SQL)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR

KPI_MODELS = DBT_PROJECT_DIR / "models" / "kpi"
UNION = "kpi_candidate.sql"
READS = re.compile(r"-- Reads: (\S.*)[.]")
NOTHING = "no optional column"


def calculated_kpis(folder: Path = KPI_MODELS) -> frozenset[str]:
    """Ids of the KPIs that the union has, whether or not there is a file of each."""
    return frozenset(re.findall(r"'kpi_(\w+)'", (folder / UNION).read_text(encoding="utf-8")))


def kpi_reads(folder: Path = KPI_MODELS) -> Mapping[str, Sequence[str]]:
    """Optional columns of exports without which a KPI is empty or wrong, of each file that says so in line 2:
    `-- Reads: ticket.ticket.due_at or ticket.ticket.is_on_time.` (either will do), `-- Reads: no optional
    column.`
    """
    found = {}
    for path in sorted(folder.glob("kpi_*.sql")):
        second = path.read_text(encoding="utf-8").split("\n", maxsplit=2)[1]
        said = READS.fullmatch(second)
        if said is not None:
            columns = () if said[1] == NOTHING else tuple(said[1].split(", "))
            found[path.stem.removeprefix("kpi_")] = columns
    return found
