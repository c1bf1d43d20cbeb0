"""A site's own KPIs: checked under the rules of the shipped ones, and copied to where dbt builds them.

Each is a model of candidate evidence `kpi/kpi_<id>.sql` (grain in line 1, `-- Reads: ….` in line 2), a row of
`kpi/kpi.csv`, and a block of `kpi/*.yml` that enforces the columns of all candidates.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import ConfigurationError
from orchestration.ingest.contract import load_contract
from orchestration.policy.kpi_models import PREFIX, calculated_kpis, kpi_reads, own_kpis, read_text
from orchestration.policy.needs import EITHER
from orchestration.policy.site import CATALOGUE, Site
from orchestration.settings import CONTRACT_DIR, DBT_PROJECT_DIR

MODELS_DIR = DBT_PROJECT_DIR / "models"
CANDIDATES = MODELS_DIR / "kpi" / "_kpi__contact.yml"
"""Where the columns of a candidate stand."""
READABLE = ("facts", "policy")
"""Folders of models that a KPI reads."""
REF = re.compile(r"""ref\(\s*['"](\w+)['"]""")
CLOCK = re.compile(
    r"\b(?:current_date|current_timestamp|localtimestamp|(?:now|today|random|uuid)\()", re.IGNORECASE
)


def check_own_kpis(site: Site) -> None:
    """Raise ConfigurationError for the first KPI of the site that lacks a part, with the part."""
    for path, problem, remedy in _faults(site):
        raise ConfigurationError(path=path, problem=problem, remedy=remedy)


def _faults(site: Site) -> Iterator[tuple[Path, str, str]]:
    if site.kpi is None:
        return
    own, catalogued = own_kpis(site.kpi), _catalogued(site)
    blocks = dict(_blocks(site.kpi))
    reads = kpi_reads(site.kpi)
    known = [
        f"{table.full_name}.{column.name}"
        for table in load_contract(CONTRACT_DIR).export_tables
        for column in table.export_columns
    ]
    for kpi in own:
        path = site.kpi / f"{PREFIX}{kpi}.sql"
        sql = read_text(path)
        if kpi in calculated_kpis():
            yield path, f"{kpi} is a shipped KPI", "Give yours another id"
        if not sql.startswith("-- Grain: "):
            yield path, "line 1 does not say the grain", "Begin it with -- Grain: one …"
        if kpi not in reads:
            yield (
                path,
                "line 2 does not say which optional columns decide it",
                "Write -- Reads: ticket.contact.agent_id. or -- Reads: no optional column.",
            )
        for read in (one for column in reads.get(kpi, ()) for one in column.split(EITHER)):
            if read not in known:
                near = get_close_matches(read, known, n=1)
                yield (
                    path,
                    f"line 2 reads {read}, which no export has",
                    f"Did you mean {near[0]}?" if near else "Write <source>.<table>.<column> of the contract",
                )
        yield from _sql_faults(path, sql)
        called = set(re.findall(r"'(\w+)' as kpi_id", sql))
        if called != {kpi}:
            names = ", ".join(sorted(called)) or "nothing"
            yield path, f"it calls its rows {names}", f"Write '{kpi}' as kpi_id"
        if kpi not in catalogued:
            place = site.kpi / CATALOGUE
            yield place, f"there is no row of {kpi}", f"Add one in the form of the shipped {CATALOGUE}"
        if kpi not in blocks:
            yield (
                path,
                f"no YAML file beside it describes {PREFIX}{kpi}",
                "Add a block with config.contract.enforced, config.meta.key and the columns of a candidate",
            )
        else:
            yield from _block_faults(kpi, *blocks[kpi])
    for kpi in catalogued:
        if kpi not in own:
            yield (
                site.kpi / CATALOGUE,
                f"{kpi} has no model",
                f"Add {PREFIX}{kpi}.sql beside it; shipped KPIs are defined in policy/{CATALOGUE}",
            )


def _sql_faults(path: Path, sql: str) -> Iterator[tuple[Path, str, str]]:
    """What the model reads that no KPI may."""
    known = sorted(one.stem for folder in READABLE for one in (MODELS_DIR / folder).glob("*.sql"))
    for name in REF.findall(sql):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"KPIs read {' and '.join(READABLE)} alone"
            yield path, f"it reads {name}, which is no fact or policy in force", remedy
    for word in CLOCK.findall(sql):
        yield path, f"it depends on when it runs ({word})", "Take days and times from the facts"


def _block_faults(kpi: str, path: Path, block: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    config, columns = _mapping(block.get("config")), block.get("columns")
    if not _mapping(config.get("contract")).get("enforced") or not _mapping(config.get("meta")).get("key"):
        yield (
            path,
            f"{PREFIX}{kpi} does not hold its columns to a contract, or names no key",
            "Give it config: {contract: {enforced: true}, meta: {key: [evidence_key]}}",
        )
    told = [_mapping(column) for column in columns] if isinstance(columns, list) else []
    has = {column.get("name"): str(column.get("data_type")) for column in told}
    for name, kind in _candidate_columns().items():
        if has.get(name, "").replace(" ", "").lower() != kind:
            yield path, f"{PREFIX}{kpi} lacks the column {name} {kind}", "Give it the columns of a candidate"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _candidate_columns() -> dict[str, str]:
    said = yaml.load(CANDIDATES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {column["name"]: column["data_type"] for column in said["anchors"][0]}


def _blocks(folder: Path) -> Iterator[tuple[str, tuple[Path, Mapping[str, Any]]]]:
    for path in sorted(folder.glob("*.yml")):
        try:
            said = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}
            for block in said.get("models") or ():
                yield str(block["name"]).removeprefix(PREFIX), (path, block)
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError, KeyError) as error:
            raise ConfigurationError(
                path=path,
                problem=f"does not read as the YAML of models: {' '.join(str(error).split())}",
                remedy="Write it like the one that meritline site init makes",
            ) from error


def _catalogued(site: Site) -> list[str]:
    if site.catalogue is None:
        return []
    rows = csv.DictReader(read_text(site.catalogue).splitlines())
    return [row["kpi_id"] for row in rows if row.get("kpi_id")]


def add_rows(path: Path, more: Path) -> None:
    """Add the rows of `more` to a policy file, in the order of its columns."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(stream))
    rows = [[row.get(name) or "" for name in header] for row in csv.DictReader(read_text(more).splitlines())]
    text = path.read_text(encoding="utf-8-sig")
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text if text.endswith("\n") else f"{text}\n")
        csv.writer(stream, lineterminator="\n").writerows(rows)
