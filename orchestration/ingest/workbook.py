"""Workbooks as rows of text cells: one sheet, its dates in ISO form, numbers that lost digits marked."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from orchestration.ingest.landing import MAX_EXPANSION_RATIO, MIN_EXPANSION_BYTES, UnreadableFile

MAX_COLUMNS = 1_000
MAX_CELLS = 200_000_000
DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""
_LOST_DIGITS = "\ufdd0"
"""Marks a number with more digits; no character of any text."""


def open_sheet(path: Path, wanted: str | None) -> tuple[Any, str]:
    """The sheet of that name, by default the first, and its name; UnreadableFile where there is none."""
    _check_workbook(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        name = wanted or (names[0] if names else "")
        if name not in names:
            raise UnreadableFile(f"there is no sheet {name!r}; it has {', '.join(names)}")
        return book.get_sheet_by_name(name), name
    except PasswordError as error:
        raise UnreadableFile("the workbook is protected by a password") from error
    except (CalamineError, OSError) as error:
        raise UnreadableFile(f"the workbook is damaged ({error})") from error


def sheet_rows(sheet: Any) -> Iterator[list[str]]:
    """Rows of cells as a person counts them, empty ones above the data included."""
    if sheet.total_width > MAX_COLUMNS:
        raise UnreadableFile(f"the sheet has {sheet.total_width} columns, more than {MAX_COLUMNS}")
    for cells in sheet.iter_rows():
        yield [cell_text(cell) for cell in cells]


def cell_text(cell: object) -> str:
    """A cell as text: dates in ISO form, whole numbers without a point, 15 significant digits.

    A number with more digits than that before its point has lost the others: it is marked.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, (float, int)) and abs(cell) >= 10**DIGITS:
        return f"{_LOST_DIGITS}{cell:.15g}"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(cell, ".15g")
    return str(cell)


def plain_text(cell: str) -> str:
    """A cell's text without the mark of lost digits."""
    return cell.removeprefix(_LOST_DIGITS)


def unfit_cells(cells: Sequence[str], columns: Sequence[str], keys: Sequence[int]) -> str:
    """Why a row cannot be read, '' when it can; `keys` are the columns that somebody asks for."""
    if any(cells[len(columns) :]):
        return "a cell stands right of the last header"
    if any("\0" in cell for cell in cells):
        return "a NUL byte"
    for index in keys:
        if index < len(cells) and cells[index].startswith(_LOST_DIGITS):
            return (
                f"{columns[index]}: a number of more than {DIGITS} digits, of which the workbook keeps "
                f"{DIGITS}; format the column as text before the ids are put in, or export CSV"
            )
    return ""


def _check_workbook(path: Path) -> None:
    """Refuse a workbook that is no zip, or that expands or spreads beyond what a sheet can sensibly hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            size = sum(info.file_size for info in infos)
            packed = sum(info.compress_size for info in infos)
            if size > max(MIN_EXPANSION_BYTES, packed * MAX_EXPANSION_RATIO):
                raise UnreadableFile("the workbook expands like a decompression bomb")
            for info in infos:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
                    _check_extent(archive, info)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise UnreadableFile(f"the workbook is damaged or cut off ({error})") from error


def _check_extent(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Cells far out make readers allocate the whole rectangle up to them."""
    rows = columns = 0
    tail = b""
    with archive.open(info) as stream:
        while block := stream.read(4 * 1024 * 1024):
            text = tail + block
            for letters, digits in set(re.findall(rb'<c r="([A-Z]{1,3})(\d{1,7})"', text)):
                column = functools.reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)
                rows, columns = max(rows, int(digits)), max(columns, column)
            tail = text[-64:]
    if rows * columns > MAX_CELLS or columns > MAX_COLUMNS:
        raise UnreadableFile(f"a sheet spreads over {rows} rows and {columns} columns")
