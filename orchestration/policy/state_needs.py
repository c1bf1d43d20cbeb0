"""What the plans in use read of the exports and lack, asked of a state folder (S-EXPORT)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingest.contract import RUN_SOURCE, Contract, load_contract
from orchestration.ingest.deliveries import ColumnDelivery, Deliveries, TableDelivery
from orchestration.ingest.store import write_rows
from orchestration.policy.check import policy_tables
from orchestration.policy.needs import ROSTER, PlanNeed, as_rows, judged_needs, plan_needs
from orchestration.policy.site import SHIPPED, Site
from orchestration.settings import CONTRACT_DIR

COLUMN_FIELDS = "table_name, column_name, is_required, is_delivered, has_values"
TABLE_FIELDS = "table_name, load_count, row_count, first_load_seq, last_load_seq"
PLAN_NEED = f"{RUN_SOURCE}.plan_need"


def needs_of_state(raw: Path, policy: Path, day: date, *, site: Site = SHIPPED) -> tuple[PlanNeed, ...]:
    """What the plans that agents of `raw` are on read, under the policy of `policy` in force on `day`."""
    contract = load_contract(CONTRACT_DIR)
    tables, _ = policy_tables(policy, site=site)
    return judged_needs(
        plan_needs(tables, day, own_kpis=site.kpi), read_deliveries(raw, contract), schemes_in_use(raw)
    )


def write_plan_needs(raw: Path, needs: tuple[PlanNeed, ...]) -> None:
    """Write them where the models find them."""
    table = load_contract(CONTRACT_DIR).table(PLAN_NEED)
    path = raw / RUN_SOURCE / table.name / f"{table.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    write_rows(table, as_rows(needs), draft)
    draft.replace(path)


def read_deliveries(raw: Path, contract: Contract) -> Deliveries:
    """What was ever delivered, as the last ingestion wrote it; nothing where none ever ran."""
    found = {
        table.full_name: TableDelivery(
            table.full_name,
            0,
            0,
            None,
            None,
            tuple(ColumnDelivery(one.name, one.is_required, False, False) for one in table.export_columns),
        )
        for table in contract.export_tables
    }
    columns: dict[str, list[ColumnDelivery]] = {}
    for name, *rest in _rows(raw, "export_column", COLUMN_FIELDS):
        columns.setdefault(str(name), []).append(ColumnDelivery(*rest))
    for name, loads, rows, first, last in _rows(raw, "export", TABLE_FIELDS):
        if name in found:
            found[name] = TableDelivery(name, loads, rows, first, last, tuple(columns.get(name, ())))
    return found


def schemes_in_use(raw: Path) -> frozenset[str]:
    """Plans that any row of the roster names."""
    folder = raw / ROSTER.replace(".", "/")
    paths = [str(path) for path in folder.glob("*.parquet")]
    if not paths:
        return frozenset()
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(
            "SELECT DISTINCT scheme_id FROM read_parquet($1, union_by_name = true) "
            "WHERE scheme_id IS NOT NULL",
            [paths],
        ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def _rows(raw: Path, name: str, columns: str) -> list[tuple[Any, ...]]:
    path = raw / RUN_SOURCE / name / f"{name}.parquet"
    if not path.exists():
        return []
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.execute(f"SELECT {columns} FROM read_parquet($1)", [str(path)]).fetchall()


def business_date_of(raw: Path) -> date | None:
    """The business date of the last ingestion; None where none ever ran."""
    rows = _rows(raw, "context", "as_of_on")
    return rows[0][0] if rows else None
