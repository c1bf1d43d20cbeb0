"""Payroll's files of a candidate: a workbook per period, and the statements of its people.

A period whose rows are those of the candidate before is not written again: its files are linked.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publish.payroll.rows import (
    Period,
    PeriodPay,
    is_complete,
    periods_of,
    read_period,
    read_unpaid,
    shares,
)
from orchestration.publish.payroll.statement import statement, statement_name
from orchestration.publish.payroll.workbook import workbook_name, write_workbook
from orchestration.settings import STATEMENT_MONTHS
from orchestration.state.folder import OWNER_DIR
from orchestration.state.memory import connect

PAYROLL = "payroll"
STATEMENTS = "statements"
"""Folder of payroll's: a folder per period with a file per person, of earlier periods a zip of the same."""
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
"""A fixed time for what lies in a zip."""

Unchanged = Callable[[str, Sequence[str]], Mapping[str, Path]]
"""By a period and beginnings of names in the folder of payroll: the files of the candidate before that are as
they would be written now, by their names; none where that is not known.
"""


def nothing_unchanged(period: str, names: Sequence[str]) -> Mapping[str, Path]:
    """Everything is to be written."""
    return {}


def write_payroll(
    draft: Path,
    titles: Mapping[str, str],
    *,
    months: int = STATEMENT_MONTHS,
    unchanged: Unchanged = nothing_unchanged,
) -> None:
    """Write workbooks and statements into `draft/payroll` from the auditors' Parquet beside it.

    `titles` are the Chinese titles of clauses by their ids. Of periods that end in the newest `months` months
    with pay each statement is a file, of earlier ones all are in one zip.
    """
    if not is_complete(draft):
        return
    (draft / PAYROLL / STATEMENTS).mkdir(OWNER_DIR)
    with connect() as database:
        periods = periods_of(database, draft)
        first_day = _first_day(periods, months)
        for period in periods:
            is_loose = first_day is None or period.ends_on >= first_day
            _write_period(database, draft, period.period_id, titles, is_loose=is_loose, unchanged=unchanged)


def _write_period(
    database: duckdb.DuckDBPyConnection,
    draft: Path,
    period_id: str,
    titles: Mapping[str, str],
    *,
    is_loose: bool,
    unchanged: Unchanged,
) -> None:
    payroll = draft / PAYROLL
    book = payroll / workbook_name(period_id)
    place = payroll / STATEMENTS / (period_id if is_loose else f"{period_id}.zip")
    below = f"{STATEMENTS}/{place.name}{'/' if is_loose else ''}"
    if is_loose:
        place.mkdir(OWNER_DIR)
    known = unchanged(period_id, (book.name, below))
    has_book = book.name in known
    has_statements = any(name.startswith(below) for name in known)
    for name, path in known.items():
        (payroll / name).hardlink_to(path)
    if has_book and has_statements:
        return
    pay = read_period(database, draft, period_id)
    if not has_book:
        write_workbook(book, pay, titles)
    if not has_statements:
        pages = _pages(pay, database, draft, titles)
        if is_loose:
            for name, page in pages:
                (place / name).write_text(page, encoding="utf-8")
        else:
            _write_zip(place, pages)


def _pages(
    pay: PeriodPay, database: duckdb.DuckDBPyConnection, draft: Path, titles: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for share in shares(pay, read_unpaid(database, draft, pay.period_id)):
        yield statement_name(share.person.agent_id), statement(share, pay.name, titles)


def _write_zip(path: Path, pages: Iterator[tuple[str, str]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in pages:
            entry = zipfile.ZipInfo(name, WRITTEN_AT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, page.encode())


def _first_day(periods: Sequence[Period], months: int) -> date | None:
    """The first day of the newest `months` months that there is pay for; None where no month is paid."""
    newest = max((period.ends_on for period in periods if period.period_kind == "month"), default=None)
    if newest is None:
        return None
    first = newest.year * 12 + newest.month - months
    return date(first // 12, first % 12 + 1, 1)
