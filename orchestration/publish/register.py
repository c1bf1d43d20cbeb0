"""The payroll register as a workbook per period: what a payroll clerk opens.

Texts are written as texts: a name that begins with `=`, `+`, `-` or `@` is no formula. The same rows give the
same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

REGISTER = "mart_bonus_register"
CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A fixed creation time, so that a workbook's bytes depend on its rows alone."""

LABELS = {
    "period_id": "期间",
    "period_kind": "期间类型",
    "month_id": "月份",
    "agent_id": "工号",
    "agent_name": "姓名",
    "team_id": "小组编号",
    "team_name": "小组",
    "department": "部门",
    "role": "岗位",
    "level": "级别",
    "scheme_id": "绩效方案",
    "grade": "等级",
    "rank": "名次",
    "total_score": "总分",
    "bonus_id": "奖金编号",
    "bonus_line_id": "明细编号",
    "line_no": "行号",
    "line_label": "项目",
    "mechanism": "计算方式",
    "quantity": "数量",
    "quantity_unit": "数量单位",
    "rate": "费率",
    "amount_cny": "金额（元）",
    "clause_id": "制度条款",
    "value_origin": "数值来源",
    "maturity": "状态",
    "status": "说明",
    "adjusts_bonus_line_id": "更正的明细",
}


def write_registers(folder: Path) -> list[Path]:
    """Write `register_<period>.xlsx` beside `mart_bonus_register.parquet` in `folder`, one per period in it.

    Two header rows (Chinese label, column name), then one row per register row in the register's order.
    """
    source = folder / f"{REGISTER}.parquet"
    if not source.exists():
        return []
    with duckdb.connect() as database:
        database.execute("set preserve_insertion_order = true")
        register = database.from_parquet(str(source))
        columns = register.columns
        if "period_id" not in columns:
            return []
        periods = register.project("period_id").distinct().order("period_id").fetchall()
        written = []
        for (period,) in periods:
            rows = database.execute(
                "select * from read_parquet($source) where period_id = $period",
                {"source": str(source), "period": period},
            ).fetchall()
            path = folder / f"register_{period}.xlsx"
            _write(path, columns, rows)
            written.append(path)
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
