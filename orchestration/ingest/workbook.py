"""Workbooks of every kind as rows of text cells: dates in ISO form, numbers that lost digits marked."""

from __future__ import annotations

import datetime as dt
import functools
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from orchestration.ingest.landing import MAX_EXPANSION_RATIO, MIN_EXPANSION_BYTES, UnreadableFile
from orchestration.ingest.markup import html_tables, is_markup, is_xml_spreadsheet, xml_sheets

MAX_COLUMNS = 1_000
MAX_CELLS = 200_000_000
DIGITS = 15
"""Digits of a number that a spreadsheet keeps."""
_LOST_DIGITS = "\ufdd0"
"""Marks a number with more digits; no character of any text."""


class Sheet(Protocol):
    """Rows of cells; what CalamineSheet and the tables of `markup` have in common."""

    @property
    def total_width(self) -> int:
        """Columns of the widest row."""

    def iter_rows(self) -> Iterator[Sequence[Any]]:
        """The rows in order."""


def kind_of(head: bytes) -> str:
    """What a file called `.xls` is by its first bytes: `xls`, `xlsx`, `html`, `xml`, or `csv` for text."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.lstrip()[:13].lower() == b"mime-version:":
        raise UnreadableFile("it is a web archive (MHTML) called .xls; save it as a workbook or export CSV")
    if is_markup(head):
        return "xml" if is_xml_spreadsheet(head) else "html"
    if b"\0" in head[:64] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("it is called .xls and is no workbook, table or text that is known")
    return "csv"


def sheet_names(path: Path, kind: str) -> tuple[str, ...]:
    """Names of a workbook's sheets; UnreadableFile where it cannot be opened."""
    return tuple(_sheets(path, kind)[0])


def open_sheet(path: Path, wanted: str | None, kind: str = "xlsx") -> tuple[Sheet, str]:
    """The sheet of that name, by default the first, and its name; UnreadableFile where there is none.

    Of a web page's tables the first with several columns is the default: others are layout.
    """
    names, sheet_of = _sheets(path, kind)
    name = wanted or (names[0] if names else "")
    if name not in names:
        raise UnreadableFile(f"there is no sheet {name!r}; it has {', '.join(names)}")
    with _damage():
        if wanted is None and kind == "html":
            name = next((other for other in names if sheet_of(other).total_width > 1), name)
        return sheet_of(name), name


def _sheets(path: Path, kind: str) -> tuple[list[str], Callable[[str], Sheet]]:
    """Names of sheets in their order, and what gives one of them."""
    with _damage():
        if kind in ("html", "xml"):
            data = path.read_bytes()
            tables = html_tables(data) if kind == "html" else xml_sheets(data)
            if not tables:
                raise UnreadableFile("there is no table in it")
            by_name = {table.name: table for table in tables}
            return list(by_name), by_name.__getitem__
        if kind == "xlsx":
            _check_workbook(path)
        # A path's ending is believed, so a newer workbook under the old one's name comes without it.
        is_misnamed = kind == "xlsx" and path.suffix.lower() == ".xls"
        book = CalamineWorkbook.from_object(io.BytesIO(path.read_bytes()) if is_misnamed else str(path))
        return book.sheet_names, book.get_sheet_by_name


@contextmanager
def _damage() -> Iterator[None]:
    """What readers say of a damaged workbook, as UnreadableFile."""
    try:
        yield
    except PasswordError as error:
        raise UnreadableFile("the workbook is protected by a password") from error
    except (CalamineError, OSError) as error:
        raise UnreadableFile(f"the workbook is damaged ({error})") from error
    except BaseException as error:
        # The reader is written in Rust, where a file that nobody foresaw ends in a panic: no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile(f"the workbook is damaged ({error})") from error


def sheet_rows(sheet: Sheet) -> Iterator[list[str]]:
    """Rows of cells as a person counts them, empty ones above the data included."""
    return ([cell_text(cell) for cell in cells] for cells in sheet_cells(sheet))


def sheet_cells(sheet: Sheet) -> Iterator[Sequence[Any]]:
    """The same with values of their types; UnreadableFile where the sheet is too wide."""
    if sheet.total_width > MAX_COLUMNS:
        raise UnreadableFile(f"the sheet has {sheet.total_width} columns, more than {MAX_COLUMNS}")
    return sheet.iter_rows()


def is_number(cell: object) -> bool:
    """Whether a cell holds a number, and not the text of one."""
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


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
    if isinstance(cell, dt.timedelta):
        return _clock_text(cell)
    if isinstance(cell, (float, int)) and abs(cell) >= 10**DIGITS:
        return f"{_LOST_DIGITS}{cell:.15g}"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(cell, ".15g")
    return str(cell)


def _clock_text(duration: dt.timedelta) -> str:
    """A duration as hours, minutes and seconds, hours without a bound."""
    sign, microseconds = "", round(duration / dt.timedelta(microseconds=1))
    if microseconds < 0:
        sign, microseconds = "-", -microseconds
    seconds, fraction = divmod(microseconds, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{sign}{hour:02d}:{minute:02d}:{second:02d}" + (f".{fraction:06d}" if fraction else "")


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
