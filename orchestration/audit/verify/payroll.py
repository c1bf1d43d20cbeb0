"""Payroll's workbooks and statements against the published rows that they show."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
from python_calamine import CalamineError, CalamineWorkbook

from orchestration.audit.verify.data import first_line
from orchestration.audit.verify.findings import Finding, Report, shown
from orchestration.audit.verify.memory import require_memory
from orchestration.publish.payroll.rows import REGISTER, Line, PeriodPay, is_complete, read_period
from orchestration.publish.payroll.sheet import HEADER, Formula, Sheet, Value
from orchestration.publish.payroll.statement import statement_name
from orchestration.publish.payroll.workbook import sheets, workbook_name
from orchestration.publish.payroll.write import PAYROLL, STATEMENTS
from orchestration.state.folder import auditor_parquet
from orchestration.state.memory import connect

AMOUNT = re.compile(r'<data value="(?P<amount>[^"]*)" id="(?P<key>[^"]*)">(?P<text>[^<]*)')
"""Every amount that a statement pays, with the line that it is of, `total` of all, and what a reader sees."""
PEOPLES = frozenset({"agent_id", "agent_name", "department", "team", "grade", "line_no"})
"""Columns of texts that are rows' own. Others are words of the release that wrote them."""
WORKBOOKS = "workbooks of payroll against the register"
PAGES = "statements of payroll against the register"


def check_payroll(folder: Path, report: Report) -> None:
    """Each workbook's cells and each statement's amounts; files of no period or person.

    Raises MemoryRanOut.
    """
    try:
        _check(folder, report)
    except duckdb.Error as error:
        require_memory(error, folder)
        report.skip("workbooks and statements of payroll", f"a relation does not read ({first_line(error)})")


def _check(folder: Path, report: Report) -> None:
    if not is_complete(folder):
        report.skip(WORKBOOKS, "a release before workbooks had people wrote them")
        return
    payroll = folder / PAYROLL
    files = {path.relative_to(payroll).as_posix() for path in payroll.rglob("*") if path.is_file()}
    strange = {name for name in files if not name.endswith(".parquet")}
    findings: list[Finding] = []
    of_pages: list[Finding] = []
    lines = people = 0
    with connect() as database:
        for period_id in _periods(database, folder):
            pay = read_period(database, folder, period_id or "")
            lines, people = lines + len(pay.lines), people + len(pay.people)
            book = workbook_name(str(period_id))
            if book not in strange:
                findings.append(Finding(f"{PAYROLL}/{book}", "is missing"))
            elif pay.people:
                findings += _workbook_findings(payroll / book, list(sheets(pay, {})))
            here = {
                name for name in strange if name.startswith((f"{STATEMENTS}/{period_id}/", _zip(period_id)))
            }
            of_pages += _statements_findings(payroll, pay, str(period_id), here)
            strange -= {book, *here}
    findings += [Finding(f"{PAYROLL}/{name}", "is of no period of the register") for name in sorted(strange)]
    report.add(WORKBOOKS, lines, "lines", findings)
    report.add(PAGES, people, "people", of_pages)


def _periods(database: duckdb.DuckDBPyConnection, folder: Path) -> list[str | None]:
    register = str(auditor_parquet(folder, REGISTER))
    query = "select distinct period_id from read_parquet($register) order by period_id"
    return [period_id for (period_id,) in database.execute(query, {"register": register}).fetchall()]


def _zip(period_id: str | None) -> str:
    return f"{STATEMENTS}/{period_id}.zip"


# ---- workbooks


def _workbook_findings(path: Path, wanted: Sequence[Sheet]) -> Iterator[Finding]:
    place = f"{PAYROLL}/{path.name}"
    try:
        with CalamineWorkbook.from_path(path) as book:
            count = len(book.sheet_names)
            found = [
                book.get_sheet_by_index(number).to_python(skip_empty_area=False) for number in range(count)
            ]
    except (CalamineError, OSError, ValueError) as error:
        yield Finding(place, f"does not read ({type(error).__name__}: {error})")
        return
    if count != len(wanted):
        yield Finding(place, f"has {count} sheets, not {len(wanted)}")
        return
    for sheet, cells in zip(wanted, found, strict=True):
        yield from _sheet_findings(place, sheet, cells)


def _sheet_findings(place: str, sheet: Sheet, cells: Sequence[Sequence[object]]) -> Iterator[Finding]:
    """Cells that do not show what they should: ids, numbers, codes, and no row more or less."""
    size = HEADER + 1 + len(sheet.rows) + (sheet.total is not None)
    columns = max(map(len, cells), default=0)
    if len(cells) != size or columns != len(sheet.columns):
        problem = f"is {len(cells)} rows of {columns} columns, not {size} of {len(sheet.columns)}"
        yield Finding(place, problem, row=sheet.title)
        return
    for number, row in enumerate(sheet.rows, start=HEADER + 1):
        padded = [*cells[number], *[""] * (columns - len(cells[number]))]
        for cell, column, value in zip(padded, sheet.columns, row, strict=True):
            if (column.kind != "text" or column.name in PEOPLES) and not _is_same(cell, value):
                problem = f"says {shown(cell)}, the register {shown(_plain(value))}"
                yield Finding(place, problem, row=_row_of(sheet, number), column=column.name)


def _row_of(sheet: Sheet, number: int) -> str:
    """A row by the id of its line where it has one."""
    names = [column.name for column in sheet.columns]
    if "bonus_line_id" in names:
        return f"bonus_line_id={sheet.rows[number - HEADER - 1][names.index('bonus_line_id')]}"
    return f"{sheet.title} row {number + 1}"


def _plain(value: Value) -> str | int | Decimal | None:
    return value.value if isinstance(value, Formula) else value


def _is_same(cell: object, value: Value) -> bool:
    """Whether a cell shows a value: numbers as a spreadsheet keeps them, nothing as an empty text."""
    wanted = _plain(value)
    if wanted is None:
        return cell == ""
    if isinstance(wanted, str):
        return cell == wanted
    return isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell) == float(wanted)


# ---- statements


def _statements_findings(payroll: Path, pay: PeriodPay, period_id: str, here: set[str]) -> Iterator[Finding]:
    """Statements that are missing, of nobody, or pay what the register does not."""
    pages: dict[str, str] = {}
    for name in sorted(here):
        try:
            pages |= _pages(payroll, name)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            yield Finding(f"{PAYROLL}/{name}", f"does not read ({type(error).__name__}: {error})")
            return
    lines: dict[str, list[Line]] = {}
    for line in pay.lines:
        lines.setdefault(line.agent_id, []).append(line)
    place = f"{PAYROLL}/{STATEMENTS}/{period_id}"
    for person in pay.people:
        name = statement_name(person.agent_id)
        page = pages.pop(name, None)
        if page is None:
            yield Finding(f"{place}/{name}", "is missing")
            continue
        wanted = {line.bonus_line_id: line.amount_cny for line in lines.get(person.agent_id, [])}
        wanted["total"] = person.amount_cny
        yield from _page_findings(f"{place}/{name}", page, wanted)
    for name in sorted(pages):
        yield Finding(f"{place}/{name}", "is of nobody with a bonus in this period")


def _pages(payroll: Path, name: str) -> Mapping[str, str]:
    """The pages of a file by their names: itself, or those in a zip."""
    path = payroll / name
    if path.suffix != ".zip":
        return {path.name: path.read_text(encoding="utf-8")}
    with zipfile.ZipFile(path) as archive:
        return {one: archive.read(one).decode() for one in archive.namelist()}


def _page_findings(place: str, page: str, wanted: Mapping[str, Decimal]) -> Iterator[Finding]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in AMOUNT.finditer(page):
        key, amount, text = (html.unescape(one[name]) for name in ("key", "amount", "text"))
        found.setdefault(key, []).append((amount, text.replace(",", "").replace("−", "-")))
    for key in sorted(wanted.keys() | found.keys()):
        right = [(str(wanted[key]),) * 2] if key in wanted else []
        if (there := found.get(key, [])) != right:
            told = " and ".join(dict.fromkeys(one for pair in there for one in pair)) or "none"
            problem = f"says {told}, the register {wanted.get(key, 'none')}"
            yield Finding(place, problem, row=key, column="amount_cny")
