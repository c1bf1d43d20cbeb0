"""What the KPI models say of themselves: which there are, and what decides each (line 2 of its SQL)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.settings import DBT_PROJECT_DIR

KPI_MODELS = DBT_PROJECT_DIR / "models" / "kpi"
UNION = "kpi_candidate.sql"
PREFIX, MODELS = "kpi_", "kpi_*.sql"
READS = re.compile(r"-- Reads: (\S.*)[.]")
NOTHING = "no optional column"


def calculated_kpis(folder: Path = KPI_MODELS) -> frozenset[str]:
    """Ids of the KPIs that the union has, whether or not there is a file of each."""
    return frozenset(re.findall(r"'kpi_(\w+)'", (folder / UNION).read_text(encoding="utf-8")))


def read_text(path: Path) -> str:
    """The text of a file, without a mark of its encoding. Raises ConfigurationError for one that is not
    UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            path=path, problem="is not UTF-8", remedy="Save the file as UTF-8"
        ) from error


def own_kpis(folder: Path | None) -> tuple[str, ...]:
    """Ids of the KPIs that a site has models of in `folder`, in order."""
    return tuple(path.stem.removeprefix(PREFIX) for path in sorted(folder.glob(MODELS))) if folder else ()


def kpi_reads(folder: Path = KPI_MODELS) -> Mapping[str, Sequence[str]]:
    """Optional columns of exports without which a KPI is empty or wrong, of each file that says so in line 2:
    `-- Reads: ticket.ticket.due_at or ticket.ticket.is_on_time.` (either will do), `-- Reads: no optional
    column.`
    """
    found = {}
    for path in sorted(folder.glob(MODELS)):
        second = read_text(path).split("\n", maxsplit=2)[1:2]
        said = READS.fullmatch("".join(second))
        if said is not None:
            columns = () if said[1] == NOTHING else tuple(said[1].split(", "))
            found[path.stem.removeprefix(PREFIX)] = columns
    return found
