"""What adding a KPI takes, and a sentence for each step that was left out; files alone are read."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestration.policy.kpi_models import UNION, calculated_kpis, kpi_reads
from tests.project.catalogue_rules import read_rows

MODELS, CATALOGUE, ORACLE = "dbt_project/models/kpi", "seeds/policy/kpi.csv", "tests/oracle/kpi.py"
BLOCKS = f"{MODELS}/_kpi__*.yml"

KPI_SHARED = {
    "kpi_candidate",
    "kpi_evidence",
    "kpi_daily",
    "kpi_observation",
    "kpi_group_observation",
    "kpi_row_extreme",
    "kpi_rating_recency",
}
"""Models of models/kpi that are no KPI."""


def forgotten(root: Path, documents: Mapping[str, Callable[[Path], str]]) -> list[str]:
    """A sentence for each step that a KPI of the project `root` lacks; `documents` are the generated ones."""
    return [*_of_kpis(root), *_stale(root, documents)]


def _of_kpis(root: Path) -> Iterator[str]:
    folder = root / MODELS
    files = _kpis(path.stem for path in folder.glob("kpi_*.sql"))
    said, ruled = kpi_reads(folder), _described(folder)
    places = {
        f"there is no {MODELS}/kpi_{{}}.sql": files,
        f"{MODELS}/{UNION} does not list kpi_{{}}": calculated_kpis(folder),
        f"no block of {BLOCKS} describes kpi_{{}}": ruled["models"],
        f"no unit test of {BLOCKS} tries the edges of kpi_{{}}": ruled["unit_tests"],
        f"{CATALOGUE} has no row of {{}}": {row["kpi_id"] for row in read_rows(root / CATALOGUE)},
        f"the oracle lacks kpi {{}}: teach it in {ORACLE}": _taught(root / ORACLE),
    }
    for kpi in sorted(set().union(*places.values())):
        yield from (sentence.format(kpi) for sentence, there in places.items() if kpi not in there)
        if kpi in files:
            if kpi not in said:
                yield f"line 2 of {MODELS}/kpi_{kpi}.sql is not `-- Reads: ….`: which columns decide it"
            called = set(re.findall(r"'(\w+)' as kpi_id", (folder / f"kpi_{kpi}.sql").read_text("utf-8")))
            if called != {kpi}:
                yield f"{MODELS}/kpi_{kpi}.sql calls its rows {', '.join(sorted(called)) or 'nothing'}"


def _stale(root: Path, documents: Mapping[str, Callable[[Path], str]]) -> Iterator[str]:
    policy = (root / CATALOGUE).parent
    stale = [
        name
        for name, write in documents.items()
        if (root / name).read_text("utf-8") != write(policy).rstrip("\n") + "\n"
    ]
    if stale:
        yield f"{', '.join(stale)}: not of these policy rows, run make book"


def _described(folder: Path) -> Mapping[str, Collection[str]]:
    """KPIs with a block, and with a unit test."""
    documents: list[Any] = [
        yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for path in sorted(folder.glob("_kpi__*.yml"))
    ]
    return {
        part: _kpis(block[name] for document in documents for block in document.get(part, ()))
        for part, name in (("models", "name"), ("unit_tests", "model"))
    }


def _kpis(models: Iterator[str]) -> set[str]:
    return {name.removeprefix("kpi_") for name in models if name not in KPI_SHARED}


def _taught(path: Path) -> set[str]:
    """KPIs that the oracle counts, from its source."""
    constants = {
        target.id: ast.literal_eval(statement.value)
        for statement in ast.parse(path.read_text("utf-8")).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and target.id in ("COUNTS", "RATIOS")
    }
    return {kpi for kpis in constants.values() for kpi in kpis}
