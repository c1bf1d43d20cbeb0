"""The payroll register as a workbook per period: what a payroll clerk opens.

Texts are written as texts: a name that begins with `=`, `+`, `-` or `@` is no formula. The same rows give the
same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter
import yaml
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.publish.previous import REGISTER
from orchestration.state.memory import connect

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A fixed creation time, so that a workbook's bytes depend on its rows alone."""

LABELS: dict[str, str] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def write_registers(
    folder: Path, unchanged: Callable[[str, str], Path | None] = lambda name, period: None
) -> list[Path]:
    """Write `register_<period>.xlsx` beside `mart_bonus_register.parquet` in `folder`, one per period in it;
    `unchanged` has the file of a name and period where it is known what it would come to.

    Two header rows (Chinese label, column name), then one row per register row in the register's order.
    """
    source = folder / f"{REGISTER}.parquet"
    if not source.exists():
        return []
    with connect() as database:
        database.execute("set preserve_insertion_order = true")
        register = database.from_parquet(str(source))
        columns = register.columns
        if "period_id" not in columns:
            return []
        periods = register.project("period_id").distinct().order("period_id").fetchall()
        written = []
        for (period,) in periods:
            path = folder / f"register_{period}.xlsx"
            written.append(path)
            if (same := unchanged(path.name, str(period))) is not None:
                path.hardlink_to(same)
                continue
            rows = database.execute(
                "select * from read_parquet($source) where period_id = $period",
                {"source": str(source), "period": period},
            ).fetchall()
            _write(path, columns, rows)
    return written


def _write(path: Path, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": CREATED, "title": path.stem})
        head = book.add_format({"bold": True, "bg_color": "#DDE6F0"})
        sheet = book.add_worksheet(path.stem.removeprefix("register_"))
        money = book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for position, column in enumerate(columns):
            sheet.write_string(0, position, LABELS.get(column, column), head)
            sheet.write_string(1, position, column, head)
            sheet.set_column(position, position, max(10, min(32, len(column) + 2)))
        for line, row in enumerate(rows, start=2):
            for position, value in enumerate(row):
                style = (
                    day if isinstance(value, date) else money if columns[position].endswith("_cny") else None
                )
                _write_cell(sheet, (line, position), value, style)
        sheet.freeze_panes(2, 0)
        sheet.autofilter(1, 0, max(1, len(rows) + 1), len(columns) - 1)


def _write_cell(sheet: Worksheet, place: tuple[int, int], value: object, style: Format | None) -> None:
    line, position = place
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, Decimal):
        sheet.write_number(line, position, float(value), style)
    elif isinstance(value, int | float):
        sheet.write_number(line, position, value)
    elif isinstance(value, datetime | date):
        sheet.write_datetime(line, position, value, style)
    else:
        sheet.write_string(line, position, str(value))
